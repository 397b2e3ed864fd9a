"""ACS3-HMAC-SHA256 by the example that Alibaba publishes, and by a vector that its SDK makes, too."""

from device_drivers.aliyun.signing import authorization, digest, encoded

VALUES = {
    "OutId": "m-1", "PhoneNumbers": "13800138000", "SignName": "签名", "TemplateCode": "SMS_1",
    "TemplateParam": '{"code":"1234"}',
}  # fmt: skip


def test_signs_as_the_sdk_does() -> None:
    headers = {
        "host": "dysmsapi.aliyuncs.com", "x-acs-action": "SendSms", "x-acs-version": "2017-05-25",
        "x-acs-date": "2023-11-14T22:13:20Z", "x-acs-signature-nonce": "n1", "x-acs-content-sha256": digest(b""),
    }  # fmt: skip
    assert authorization("AKEX", "SECEX", encoded(VALUES), headers) == (
        "ACS3-HMAC-SHA256 Credential=AKEX,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=51c71896ec202c3cbae9f36606f0b65769935b97df246d38cfb676b0197962fd"
    )


def test_signs_the_published_example() -> None:
    """Alibaba Cloud, "V3 request body and signature": RunInstances."""
    query = encoded({"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"})
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com", "x-acs-action": "RunInstances", "x-acs-version": "2014-05-26",
        "x-acs-date": "2023-10-26T10:22:32Z", "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }  # fmt: skip
    signed = authorization("YourAccessKeyId", "YourAccessKeySecret", query, headers)
    assert signed.endswith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


def test_encodes_by_rfc_3986() -> None:
    assert encoded({"b": "a b*~", "a": "签"}) == "a=%E7%AD%BE&b=a%20b%2A~"
