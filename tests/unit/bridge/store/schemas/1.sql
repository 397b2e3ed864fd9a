BEGIN TRANSACTION;
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    on_unknown TEXT NOT NULL,
    operator INTEGER NOT NULL DEFAULT 0,
    webhook_secret TEXT NOT NULL DEFAULT ''
);
INSERT INTO "accounts" VALUES('operator',1795227637752,0,'hold',1,'');
INSERT INTO "accounts" VALUES('shop',0,0,'hold',0,'');
CREATE TABLE concat_refs (recipient TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "concat_refs" VALUES('+15550124',177);
CREATE TABLE credentials (
    account TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    ident TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, ident, digest)
) WITHOUT ROWID;
INSERT INTO "credentials" VALUES('shop','apikey','','762c08fc17a1cc5f00d248f8b50f2f2f4d17ff2934ac31e64deacb3f5bb3f2ec',0);
INSERT INTO "credentials" VALUES('operator','apikey','','ab6f88dbfd069e4d3bf28e776a0b19b98a258429e067beff5f719dc6dd85285b',0);
INSERT INTO "credentials" VALUES('shop','client','a1591b6e3fb4427c8657100993a9d15b','88d65e99280f8cb9f4c794add6cfe1ee108971b002b32922e088b6e0f0380f7a',0);
INSERT INTO "credentials" VALUES('shop','template','sk_ad3b4aaf1ba4c436b549ab948cdc6fdd','5e3f708afef21c795741e0e90f2f0b9ffa4d1902645397782fdd9d6fdee108d1',0);
INSERT INTO "credentials" VALUES('shop','v1','shop','9d4a6710968958ce8e51f662e8f266e3a9c16d0d7b6a6f3bc48fa4f8780a0cde',0);
INSERT INTO "credentials" VALUES('shop','zhenzi','989840094','689b5e15ff291d35907a4716f1190eea275383a8f7eb20ad52ecc2095e19cf95',0);
CREATE TABLE early_reports (
    line TEXT NOT NULL,
    reference INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    at INTEGER NOT NULL,
    heard_at INTEGER NOT NULL
);
CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    url TEXT NOT NULL,
    format TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    next_secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL
);
INSERT INTO "endpoints" VALUES('wh_1','shop','http://127.0.0.1:9/hook','v2','["*"]','','',0,0,0);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    at INTEGER NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL
);
INSERT INTO "events" VALUES(1,'96c99b19-e41a-4c5d-a5ed-c9c13571f5a7','message.submitted','shop',1795227637759,'01a1fbe7d7ff05d235c4c5333af9b157fc9e00c2','{"id":"01a1fbe7d7ff05d235c4c5333af9b157fc9e00c2","to":"+15550123","written":"+15550123","text":"sent and delivered","state":"queued","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"smsmobile","created_at":1795227637759,"sent_at":0,"delivered_at":0}');
INSERT INTO "events" VALUES(2,'58c11c31-fe3c-42bf-a333-2929acaf5858','message.submitted','shop',1795227637761,'01a1fbe7d80105d23628b1b7a503f25dae8b351e','{"id":"01a1fbe7d80105d23628b1b7a503f25dae8b351e","to":"+15550124","written":"+15550124","text":"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé","state":"queued","line":"","slot":0,"parts":2,"error":"","client_ref":"","tag":"","dialect":"smsmobile","created_at":1795227637761,"sent_at":0,"delivered_at":0}');
INSERT INTO "events" VALUES(3,'cf3d8467-034c-43c7-ab13-10f49db8f2ed','line.changed','',1795227637818,'line0','{"line": "line0", "device": "line0", "state": "ready", "reason": ""}');
INSERT INTO "events" VALUES(4,'3cbf5c5f-fb93-4cf2-a933-631b749b555d','message.sent','shop',1795227637824,'01a1fbe7d7ff05d235c4c5333af9b157fc9e00c2','{"id": "01a1fbe7d7ff05d235c4c5333af9b157fc9e00c2", "to": "+15550123", "written": "+15550123", "text": "sent and delivered", "state": "sent", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227637759, "sent_at": 1795227637824, "delivered_at": 0}');
INSERT INTO "events" VALUES(5,'6978b741-cff6-4059-a9d7-27c97a4040e8','message.delivered','shop',1795227637828,'01a1fbe7d7ff05d235c4c5333af9b157fc9e00c2','{"id": "01a1fbe7d7ff05d235c4c5333af9b157fc9e00c2", "to": "+15550123", "written": "+15550123", "text": "sent and delivered", "state": "delivered", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227637759, "sent_at": 1795227637824, "delivered_at": 1795227637828}');
INSERT INTO "events" VALUES(6,'eca1c68c-69c0-4a55-aaf9-78becf461c5e','message.sent','shop',1795227637836,'01a1fbe7d80105d23628b1b7a503f25dae8b351e','{"id": "01a1fbe7d80105d23628b1b7a503f25dae8b351e", "to": "+15550124", "written": "+15550124", "text": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "state": "sent", "line": "line0", "slot": 0, "parts": 2, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227637761, "sent_at": 1795227637836, "delivered_at": 0}');
INSERT INTO "events" VALUES(7,'012153b7-bee7-45d6-a393-094b1822bb89','message.delivered','shop',1795227637839,'01a1fbe7d80105d23628b1b7a503f25dae8b351e','{"id": "01a1fbe7d80105d23628b1b7a503f25dae8b351e", "to": "+15550124", "written": "+15550124", "text": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "state": "delivered", "line": "line0", "slot": 0, "parts": 2, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227637761, "sent_at": 1795227637836, "delivered_at": 1795227637839}');
INSERT INTO "events" VALUES(8,'0f4e345f-2fe9-4705-ad90-68fad18d76db','message.received','',1795227637850,'558a44c5-e430-41b8-a66f-8efc5c6b4b2a','{"id": "558a44c5-e430-41b8-a66f-8efc5c6b4b2a", "from": "+15550125", "text": "came in", "line": "line0", "device": "line0", "sent_at": 1795227637000, "received_at": 1795227637850, "partial": false, "data": "", "error": ""}');
INSERT INTO "events" VALUES(9,'803bb309-df36-425b-a444-d040a5e4e88c','message.submitted','shop',1795227637871,'01a1fbe7d86f05d237063aa7b583b3c9189d2959','{"id":"01a1fbe7d86f05d237063aa7b583b3c9189d2959","to":"+15550126","written":"+15550126","text":"tomorrow","state":"scheduled","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"native","created_at":1795227637871,"sent_at":0,"delivered_at":0}');
INSERT INTO "events" VALUES(10,'dc8f2db7-2277-4aaf-a34a-22df164dd580','message.submitted','shop',1795227637873,'01a1fbe7d87105d238d9e5061ed49449d4f1a8ce','{"id":"01a1fbe7d87105d238d9e5061ed49449d4f1a8ce","to":"+15550127","written":"+15550127","text":"for a line that is away","state":"queued","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"native","created_at":1795227637873,"sent_at":0,"delivered_at":0}');
INSERT INTO "events" VALUES(11,'b765e286-64b6-4451-a918-a51cedcc3780','message.sent','shop',1795227637879,'01a1fbe7d87105d238d9e5061ed49449d4f1a8ce','{"id": "01a1fbe7d87105d238d9e5061ed49449d4f1a8ce", "to": "+15550127", "written": "+15550127", "text": "for a line that is away", "state": "sent", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "native", "created_at": 1795227637873, "sent_at": 1795227637879, "delivered_at": 0}');
INSERT INTO "events" VALUES(12,'dd9cc1a1-2b0e-45d2-a32a-e9a3954054ac','message.delivered','shop',1795227637881,'01a1fbe7d87105d238d9e5061ed49449d4f1a8ce','{"id": "01a1fbe7d87105d238d9e5061ed49449d4f1a8ce", "to": "+15550127", "written": "+15550127", "text": "for a line that is away", "state": "delivered", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "native", "created_at": 1795227637873, "sent_at": 1795227637879, "delivered_at": 1795227637881}');
CREATE TABLE fragment_sets (
    id INTEGER PRIMARY KEY,
    line TEXT NOT NULL,
    device TEXT NOT NULL,
    sender TEXT NOT NULL,
    reference INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    total INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE fragments (
    fragment_set INTEGER NOT NULL REFERENCES fragment_sets(id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    text BLOB NOT NULL,
    data TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (fragment_set, idx)
) WITHOUT ROWID;
CREATE TABLE idempotency (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    ids TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
INSERT INTO "idempotency" VALUES('shop','k1','af2c1c997bb475a94563d6a29cd5b5b1f3e173f08ad36a861efed1efa9fff40d','["01a1fbe7d87105d238d9e5061ed49449d4f1a8ce"]',1795227637873);
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    account TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES events(seq),
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    delivered_at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error TEXT NOT NULL
);
INSERT INTO "ledger" VALUES(1,'b42bffe2-a7ee-4892-a9a5-221bb9e21c90','wh_1','shop',1,'owed',0,1795227637759,1795227637759,0,0,'');
INSERT INTO "ledger" VALUES(2,'41045efe-ddc9-4295-abcd-30395b1949e7','wh_1','shop',2,'owed',0,1795227637761,1795227637761,0,0,'');
INSERT INTO "ledger" VALUES(3,'254225e2-ebf3-4097-ae9b-df110dfc495f','wh_1','shop',3,'owed',0,1795227637818,1795227637818,0,0,'');
INSERT INTO "ledger" VALUES(4,'d9de0374-e5c8-4a44-a7e6-3466b6244afd','wh_1','shop',4,'owed',0,1795227637824,1795227637824,0,0,'');
INSERT INTO "ledger" VALUES(5,'d7b717e6-ba0a-4f57-abf2-d9dc4b3ff464','wh_1','shop',5,'owed',0,1795227637828,1795227637828,0,0,'');
INSERT INTO "ledger" VALUES(6,'f788770d-459a-48fd-a38e-cb4414694fd7','wh_1','shop',6,'owed',0,1795227637836,1795227637836,0,0,'');
INSERT INTO "ledger" VALUES(7,'7b7d0c33-e0ef-4da9-aefc-a6bb27eae103','wh_1','shop',7,'owed',0,1795227637839,1795227637839,0,0,'');
INSERT INTO "ledger" VALUES(8,'a0e5ca9d-83df-4bda-ad62-85a3009b0b8f','wh_1','shop',8,'owed',0,1795227637850,1795227637850,0,0,'');
INSERT INTO "ledger" VALUES(9,'f59f91f5-385e-4f9c-ad45-9363af9b2173','wh_1','shop',9,'owed',0,1795227637871,1795227637871,0,0,'');
INSERT INTO "ledger" VALUES(10,'e048e6c3-d3af-43b5-a3c5-c71199d1573a','wh_1','shop',10,'owed',0,1795227637873,1795227637873,0,0,'');
INSERT INTO "ledger" VALUES(11,'21fe843a-a281-441b-a2e3-9603857fb2ff','wh_1','shop',11,'owed',0,1795227637879,1795227637879,0,0,'');
INSERT INTO "ledger" VALUES(12,'db39f50a-109b-4fde-a735-acbfa3ebb6fd','wh_1','shop',12,'owed',0,1795227637881,1795227637881,0,0,'');
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    recipient TEXT NOT NULL,
    written TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    route TEXT NOT NULL,
    line TEXT NOT NULL,
    slot INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    on_unknown TEXT NOT NULL,
    report INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    delivered_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    client_ref TEXT NOT NULL,
    tag TEXT NOT NULL,
    dialect TEXT NOT NULL,
    concat_ref INTEGER,
    units INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "messages" VALUES(1,'01a1fbe7d7ff05d235c4c5333af9b157fc9e00c2','shop','+15550123','+15550123','sent and delivered','delivered',1795227637759,1795227637828,1795227637759,1795314037759,'','line0',0,1,0,'','hold',1,1795227637824,1795227637828,0,'','','smsmobile',NULL,1);
INSERT INTO "messages" VALUES(2,'01a1fbe7d80105d23628b1b7a503f25dae8b351e','shop','+15550124','+15550124','éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé','delivered',1795227637761,1795227637839,1795227637761,1795314037761,'','line0',0,2,0,'','hold',1,1795227637836,1795227637839,0,'','','smsmobile',177,2);
INSERT INTO "messages" VALUES(3,'01a1fbe7d86f05d237063aa7b583b3c9189d2959','shop','+15550126','+15550126','tomorrow','scheduled',1795227637871,1795227637871,1798761600000,1798848000000,'','',0,1,0,'','hold',1,0,0,1798761600000,'','','native',NULL,0);
INSERT INTO "messages" VALUES(4,'01a1fbe7d87105d238d9e5061ed49449d4f1a8ce','shop','+15550127','+15550127','for a line that is away','sending',1795227637873,1795227637881,1795227637873,1795314037873,'line0','line0',0,1,0,'','hold',1,0,0,0,'','','native',NULL,1);
CREATE TABLE parts (
    message TEXT NOT NULL,
    idx INTEGER NOT NULL,
    state TEXT NOT NULL,
    reference INTEGER,
    line TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    intent_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    done_at INTEGER NOT NULL,
    PRIMARY KEY (message, idx)
) WITHOUT ROWID;
INSERT INTO "parts" VALUES('01a1fbe7d7ff05d235c4c5333af9b157fc9e00c2',1,'delivered',0,'line0',1,'',1795227637820,1795227637824,1795227637828);
INSERT INTO "parts" VALUES('01a1fbe7d80105d23628b1b7a503f25dae8b351e',1,'delivered',1,'line0',1,'',1795227637824,1795227637831,1795227637834);
INSERT INTO "parts" VALUES('01a1fbe7d80105d23628b1b7a503f25dae8b351e',2,'delivered',2,'line0',1,'',1795227637831,1795227637836,1795227637839);
INSERT INTO "parts" VALUES('01a1fbe7d87105d238d9e5061ed49449d4f1a8ce',1,'sending',NULL,'line0',1,'',1795227637875,0,0);
CREATE TABLE received (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    line TEXT NOT NULL,
    device TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    partial INTEGER NOT NULL,
    data TEXT NOT NULL,
    error TEXT NOT NULL
);
INSERT INTO "received" VALUES(1,'558a44c5-e430-41b8-a66f-8efc5c6b4b2a','line0','line0','+15550125','came in',1795227637000,1795227637850,0,'','');
CREATE TABLE received_marks (
    account TEXT NOT NULL,
    received INTEGER NOT NULL,
    read_at INTEGER NOT NULL DEFAULT 0,
    hidden_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, received)
) WITHOUT ROWID;
CREATE TABLE slots (line TEXT NOT NULL, slot TEXT NOT NULL, PRIMARY KEY (line, slot)) WITHOUT ROWID;
CREATE INDEX messages_queue ON messages (route, due_at, seq) WHERE state = 'queued';
CREATE INDEX messages_scheduled ON messages (due_at) WHERE state = 'scheduled';
CREATE INDEX messages_expiry ON messages (expires_at) WHERE state IN ('queued', 'scheduled') AND expires_at > 0;
CREATE INDEX messages_trouble ON messages (state, seq) WHERE state IN ('sending', 'failed', 'unknown', 'expired');
CREATE UNIQUE INDEX messages_client_ref ON messages (account, client_ref) WHERE client_ref <> '';
CREATE INDEX parts_reference ON parts (line, reference) WHERE reference IS NOT NULL;
CREATE INDEX parts_open ON parts (line, state) WHERE state IN ('sending', 'unknown');
CREATE INDEX early_reports_reference ON early_reports (line, reference);
CREATE INDEX fragment_sets_key ON fragment_sets (line, sender, reference, bits, total);
CREATE INDEX ledger_owed ON ledger (endpoint, seq) WHERE state = 'owed';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('messages',4);
INSERT INTO "sqlite_sequence" VALUES('events',12);
INSERT INTO "sqlite_sequence" VALUES('ledger',12);
INSERT INTO "sqlite_sequence" VALUES('received',1);
COMMIT;
PRAGMA user_version = 1;
