"""The providers' own SDKs against the emulated endpoints, which were so not written to our driver's reading alone."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from device_drivers._cloud import beijing
from device_drivers.virtual.cloud import aliyun, tencent
from device_drivers.virtual.cloud.aliyun import Aliyun
from device_drivers.virtual.cloud.tencent import Tencent
from tests.support import foreign
from tests.support.cloud_site import TEMPLATES

ANA = "+8613800138000"

TENCENT = """
import json, sys
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models, sms_client

host, key_id, key, action, body = sys.argv[1:]
profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=host, reqTimeout=60))
client = sms_client.SmsClient(credential.Credential(key_id, key), "ap-guangzhou", profile)
request = getattr(models, action + "Request")()
request.from_json_string(body)
try:
    print(getattr(client, action)(request).to_json_string())
except TencentCloudSDKException as error:
    print(json.dumps({"error": error.code}))
"""
ALIYUN = """
import json, sys
from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.utils_models import Config

host, key_id, key, action, body = sys.argv[1:]
patience = {"read_timeout": 60_000, "connect_timeout": 60_000}
config = Config(access_key_id=key_id, access_key_secret=key, endpoint=host, protocol="http", **patience)
client = Client(config)
request = getattr(models, action + "Request")().from_map(json.loads(body))
call = {"SendSms": client.send_sms, "QuerySendDetails": client.query_send_details}[action]
try:
    print(json.dumps(call(request).body.to_map()))
except Exception as error:
    print(json.dumps({"error": getattr(error, "code", type(error).__name__)}))
"""


@pytest.fixture
async def at_tencent() -> AsyncIterator[Tencent]:
    provider = Tencent(TEMPLATES["tencent"])
    await provider.start()
    yield provider
    await provider.close()


@pytest.fixture
async def at_aliyun() -> AsyncIterator[Aliyun]:
    provider = Aliyun(TEMPLATES["aliyun"])
    await provider.start()
    yield provider
    await provider.close()


@pytest.fixture
def tencent_sdk(request: pytest.FixtureRequest) -> Any:
    packages = foreign.from_pypi(request.config.cache, "tencentcloud-sdk-python-sms==3.1.153")

    async def call(provider: Tencent, action: str, key: str = tencent.SECRET_KEY, **body: Any) -> Any:
        host = provider.url.removeprefix("http://")
        told = json.dumps({"SmsSdkAppId": tencent.SDK_APP_ID} | body)
        said = await foreign.python(packages, TENCENT, host, tencent.SECRET_ID, key, action, told)
        assert said.code == 0, said.err
        return json.loads(said.out)

    return call


@pytest.fixture
def aliyun_sdk(request: pytest.FixtureRequest) -> Any:
    packages = foreign.from_pypi(request.config.cache, "alibabacloud_dysmsapi20170525==4.6.0")

    async def call(provider: Aliyun, action: str, key: str = aliyun.KEY_SECRET, **body: str) -> Any:
        host = provider.url.removeprefix("http://")
        said = await foreign.python(packages, ALIYUN, host, aliyun.KEY_ID, key, action, json.dumps(body))
        assert said.code == 0, said.err
        return json.loads(said.out)

    return call


@pytest.mark.long  # the download
async def test_tencents_sdk_sends_and_asks(at_tencent: Tencent, tencent_sdk: Any) -> None:
    sent = await tencent_sdk(
        at_tencent, "SendSms", PhoneNumberSet=[ANA, "+15550150"], TemplateId="1001", SignName=tencent.SIGN,
        TemplateParamSet=["1234"], SessionContext="m-1",
    )  # fmt: skip
    good, abroad = sent["SendStatusSet"]
    assert (good["Code"], good["PhoneNumber"], good["SessionContext"]) == ("Ok", ANA, "m-1")
    assert (abroad["Code"], abroad["SerialNo"]) == ("UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone", "")
    assert [each.text for each in at_tencent.far.records] == ["Your code is 1234"]
    asked = {"PhoneNumber": ANA, "BeginTime": 0, "Offset": 0, "Limit": 10}
    [entry] = (await tencent_sdk(at_tencent, "PullSmsSendStatusByPhoneNumber", **asked))["PullSmsSendStatusSet"]
    assert (entry["SerialNo"], entry["ReportStatus"]) == (good["SerialNo"], "SUCCESS")


async def test_tencents_sdk_with_a_wrong_key_is_refused(at_tencent: Tencent, tencent_sdk: Any) -> None:
    refused = await tencent_sdk(at_tencent, "PullSmsSendStatus", "wrong", Limit=1)
    assert refused == {"error": "AuthFailure.SignatureFailure"}
    assert at_tencent.calls == []


@pytest.mark.long  # the download, and thousands of lines to compile
async def test_alibabas_sdk_sends_and_asks(at_aliyun: Aliyun, aliyun_sdk: Any) -> None:
    param = '{"code": "1 2*~签"}'
    sent = await aliyun_sdk(
        at_aliyun, "SendSms", PhoneNumbers="13800138000", SignName=aliyun.SIGN, TemplateCode="SMS_1",
        TemplateParam=param, OutId="m-1",
    )  # fmt: skip
    assert (sent["Code"], bool(sent["BizId"])) == ("OK", True)
    [record] = at_aliyun.far.records
    assert (record.number, record.text, record.ours) == (ANA, "Your code is 1 2*~签", "m-1")
    day = beijing.day(record.taken_at)
    asked = {"PhoneNumber": "13800138000", "SendDate": day, "PageSize": "10", "CurrentPage": "1"}
    found = await aliyun_sdk(at_aliyun, "QuerySendDetails", **asked)
    [detail] = found["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
    assert (found["TotalCount"], detail["OutId"], detail["SendStatus"]) == ("1", "m-1", 3)


async def test_alibabas_sdk_with_a_wrong_key_is_refused(at_aliyun: Aliyun, aliyun_sdk: Any) -> None:
    refused = await aliyun_sdk(at_aliyun, "SendSms", "wrong", PhoneNumbers="13800138000")
    assert refused == {"error": "SignatureDoesNotMatch"}
    assert at_aliyun.calls == []
