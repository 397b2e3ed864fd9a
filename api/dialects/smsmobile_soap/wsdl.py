"""The service's WSDL (1.1, W3C Note 2001-03-15)."""

from html import escape

from api.dialects.smsmobile_soap.envelope import NAMESPACE

OPERATION = "sendSms"

_BINDING = """
  <binding name="SendSms{suffix}" type="tns:SendSmsPortType">
    <{soap}:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="sendSms">
      <{soap}:operation soapAction="{namespace}#sendSms" style="rpc"/>
      <input><{soap}:body use="literal" namespace="{namespace}"/></input>
      <output><{soap}:body use="literal" namespace="{namespace}"/></output>
    </operation>
  </binding>"""

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<definitions name="sendsms" targetNamespace="{namespace}"
    xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="{namespace}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/">
  <message name="sendSmsRequest">
    <part name="recipients" type="xsd:string"/>
    <part name="message" type="xsd:string"/>
    <part name="apikey" type="xsd:string"/>
  </message>
  <message name="sendSmsResponse">
    <part name="return" type="xsd:string"/>
  </message>
  <portType name="SendSmsPortType">
    <operation name="sendSms">
      <documentation>Sends one SMS. What it returns is the JSON text that /sendsms answers with.</documentation>
      <input message="tns:sendSmsRequest"/>
      <output message="tns:sendSmsResponse"/>
    </operation>
  </portType>{bindings}
  <service name="SendSms">
    <port name="SendSmsPort" binding="tns:SendSmsBinding"><soap:address location="{address}"/></port>
    <port name="SendSmsPort12" binding="tns:SendSmsBinding12"><soap12:address location="{address}"/></port>
  </service>
</definitions>
"""

_BINDINGS = "".join(
    _BINDING.format(soap=soap, suffix=suffix, namespace=NAMESPACE)
    for soap, suffix in (("soap", "Binding"), ("soap12", "Binding12"))
)


def describe(address: str) -> bytes:
    """The WSDL of the service at `address`."""
    return _DOCUMENT.format(namespace=NAMESPACE, bindings=_BINDINGS, address=escape(address)).encode()
