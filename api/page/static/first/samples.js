// How a program sends an SMS, to copy and run as it stands.
import { address } from "../core/api.js";

export function samples(key) {
  const url = location.origin + address("/v1/messages");
  return {
    curl: `curl ${url} \\
  -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\
  -d '{"to": "+15550150", "text": "Hello"}'`,
    Python: `import json, urllib.request

request = urllib.request.Request(
    "${url}",
    json.dumps({"to": "+15550150", "text": "Hello"}).encode(),
    {"Authorization": "Bearer ${key}", "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request).read().decode())`,
    PHP: `<?php
$curl = curl_init("${url}");
curl_setopt_array($curl, [
    CURLOPT_POSTFIELDS => json_encode(["to" => "+15550150", "text" => "Hello"]),
    CURLOPT_HTTPHEADER => ["Authorization: Bearer ${key}", "Content-Type: application/json"],
    CURLOPT_RETURNTRANSFER => true,
]);
echo curl_exec($curl);`,
  };
}
