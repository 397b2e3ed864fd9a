"""SOAP toolkits that nobody here wrote, beginning as their users do: with the address of the WSDL."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import foreign
from tests.support.foreign import Said
from tests.support.http_site import CREDENTIALS, HttpSite, open_site

pytestmark = pytest.mark.needs("node", "npm", "php")

TEXT = "Grüße & <b>100%</b> 🙂\nsecond line"
#: from the WSDL's address, the version of SOAP, and the three parts of the call
Client = Callable[[str, str, str, str, str], Awaitable[Said]]

#: each says what the call returned, or `fault` and its code and sentence
ZEEP = """
import json, sys, zeep
wsdl, version, *parts = sys.argv[1:]
client = zeep.Client(wsdl)
service = client.service if version == "1.1" else client.bind("SendSms", "SendSmsPort12")
try:
    print(service.sendSms(**dict(zip(["recipients", "message", "apikey"], parts))))
except zeep.exceptions.Fault as fault:
    print("fault", fault.code, fault.message)
"""
NODE = """
const soap = require('soap');
const [wsdl, version, recipients, message, apikey] = process.argv.slice(1);
soap.createClientAsync(wsdl, { forceSoap12Headers: version === '1.2' })
  .then(client => client.sendSmsAsync({ recipients, message, apikey }))
  .then(([result]) => console.log(result.return))
  .catch(error => {
    const fault = error.root.Envelope.Body.Fault;
    const [code, text] = fault.faultcode ? [fault.faultcode, fault.faultstring]
      : [fault.Code.Value, fault.Reason.Text.$value ?? fault.Reason.Text];
    console.log('fault', code, text);
  });
"""
PHP = """
[, $wsdl, $version, $recipients, $message, $apikey] = $argv;
$client = new SoapClient($wsdl, array('soap_version' => $version === '1.1' ? SOAP_1_1 : SOAP_1_2, 'cache_wsdl' => 0));
try {
    print($client->sendSms($recipients, $message, $apikey));
} catch (SoapFault $fault) {
    print("fault {$fault->faultcode} {$fault->faultstring}");
}
"""


@pytest.fixture(params=["zeep", "node-soap", "php"])
def client(request: pytest.FixtureRequest) -> Client:
    cache: pytest.Cache = request.config.cache  # type: ignore[assignment]
    if request.param == "zeep":
        zeep = foreign.from_pypi(cache, "zeep==4.3.3")
        return lambda *said: foreign.python(zeep, ZEEP, *said)
    if request.param == "node-soap":
        soap = foreign.from_npm(cache, "soap@1.13.0")
        return lambda *said: foreign.node(soap, NODE, *said)
    return lambda *said: foreign.php(PHP, *said)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path) as opened:
        yield opened


async def call(client: Client, site: HttpSite, version: str, to: str = "+15550123", key: str = "") -> str:
    said = await client(f"{site.url}/sendsms/wsdl/sendsms.wsdl", version, to, TEXT, key or CREDENTIALS["apikey"])
    assert said.code == 0, said.err
    return said.out.strip()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_sends_and_returns_a_scalar(client: Client, site: HttpSite, version: str) -> None:
    told: Any = json.loads(await call(client, site, version))
    message = await site.the_message()
    assert (message.recipient, message.text, message.dialect) == ("+15550123", TEXT, "smsmobile_soap")
    assert (told["result"]["id"], told["result"]["sent"], told["result"]["error"]) == (message.id, "1", 0)


@pytest.mark.parametrize(("version", "code"), [("1.1", "Client"), ("1.2", "Sender")])
async def test_tells_its_user_what_was_wrong(client: Client, site: HttpSite, version: str, code: str) -> None:
    fault, blamed, sentence = (await call(client, site, version, to="shop")).split(" ", 2)
    assert (fault, blamed.rpartition(":")[2]) == ("fault", code)
    assert "not a phone number" in sentence
    assert (await call(client, site, version, key="0" * 48)).startswith("fault ")
    assert not await site.messages()
