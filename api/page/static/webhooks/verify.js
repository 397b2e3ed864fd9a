// A webhook's secret, shown once, and how a receiver verifies calls with it.
import { html, useState } from "../core/view.js";
import { t } from "../core/words.js";
import { Code } from "../parts/copy.js";
import { Segments } from "../parts/fields.js";

// The signature is HMAC-SHA256 over the time stamp, a dot and the body as it came.
const SAMPLES = {
  Python: `import hashlib, hmac, time

def genuine(headers, body: bytes, secret: str) -> bool:
    at = headers["X-SMSMobileAPI-Timestamp"]
    signed = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256)
    given = headers["X-SMSMobileAPI-Signature"]
    fresh = abs(time.time() - int(at)) < 300
    return fresh and hmac.compare_digest("v1=" + signed.hexdigest(), given)`,
  PHP: `function genuine(array $headers, string $body, string $secret): bool {
    $at = $headers['X-SMSMobileAPI-Timestamp'];
    $signed = 'v1=' . hash_hmac('sha256', "$at.$body", $secret);
    $fresh = abs(time() - (int) $at) < 300;
    return $fresh && hash_equals($signed, $headers['X-SMSMobileAPI-Signature']);
}`,
  "Node.js": `const { createHmac, timingSafeEqual } = require("node:crypto");

function genuine(headers, body, secret) {
  const at = headers["x-smsmobileapi-timestamp"];
  const signed = Buffer.from("v1=" + createHmac("sha256", secret).update(at + ".").update(body).digest("hex"));
  const given = Buffer.from(headers["x-smsmobileapi-signature"]);
  const fresh = Math.abs(Date.now() / 1000 - Number(at)) < 300;
  return fresh && signed.length === given.length && timingSafeEqual(signed, given);
}`,
  Ruby: `require "openssl"

def genuine?(headers, body, secret)
  at = headers["X-SMSMobileAPI-Timestamp"]
  signed = "v1=" + OpenSSL::HMAC.hexdigest("SHA256", secret, "#{at}.#{body}")
  fresh = (Time.now.to_i - at.to_i).abs < 300
  fresh && OpenSSL.secure_compare(signed, headers["X-SMSMobileAPI-Signature"])
end`,
};

export function Secret({ secret }) {
  return html`<p>${t("webhooks.secret.text")}</p>
    <${Code} text=${secret} label=${t("webhooks.secret")} />
    <h3>${t("webhooks.verify")}</h3>
    <p class="quiet">${t("webhooks.verify.text")}</p>
    <${Samples} samples=${SAMPLES} />`;
}

export function Samples({ samples }) {
  const [shown, setShown] = useState(Object.keys(samples)[0]);
  return html`<${Segments} label=${t("samples.language")} value=${shown} onChange=${setShown}
      options=${Object.keys(samples).map((name) => [name, name])} />
    <${Code} text=${samples[shown]} label=${shown} />`;
}
