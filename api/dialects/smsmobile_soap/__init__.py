"""The SOAP twin of `/sendsms` of the SMSMobileAPI, for the PHP and Java programs that begin with its WSDL.

The vendor publishes the WSDL's address, the operation and its three parts. The rest is ours: RPC style with
literal parts, which both old and new toolkits take, and the JSON of `/sendsms` as the one part that comes back.
"""

from api.dialects.smsmobile_soap.service import SmsMobileSoap

DIALECT = SmsMobileSoap
