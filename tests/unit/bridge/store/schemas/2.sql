BEGIN TRANSACTION;
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    on_unknown TEXT NOT NULL,
    operator INTEGER NOT NULL DEFAULT 0,
    webhook_secret TEXT NOT NULL DEFAULT ''
);
INSERT INTO "accounts" VALUES('operator',1795227459508,0,'hold',1,'');
INSERT INTO "accounts" VALUES('shop',0,0,'hold',0,'');
CREATE TABLE calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL,
    slot TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    call_at INTEGER NOT NULL,
    duration_seconds INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    UNIQUE (line, slot)
);
CREATE TABLE concat_refs (recipient TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "concat_refs" VALUES('+15550124',65);
CREATE TABLE credentials (
    account TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    ident TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, ident, digest)
) WITHOUT ROWID;
INSERT INTO "credentials" VALUES('shop','apikey','','762c08fc17a1cc5f00d248f8b50f2f2f4d17ff2934ac31e64deacb3f5bb3f2ec',0);
INSERT INTO "credentials" VALUES('operator','apikey','','d111ce02064f410985fd89f4acbb837fcb718fe3db093812fb8cefb0f51b4884',0);
INSERT INTO "credentials" VALUES('shop','client','7d68db84e871a97c11179bc783afe744','2fd13d4662d5ae38b3c75916a655867c3305f5ddf4d456090d24c04ddf12fe93',0);
INSERT INTO "credentials" VALUES('shop','template','sk_b41b61f3d5f7fe9106ee5da522da8beb','a32072003e54a5ebad483dacec065790c1f8af16eb7f7a6e3c0fad3e0bdd9cc3',0);
INSERT INTO "credentials" VALUES('shop','v1','shop','5b00065613501dd4dc964b7560cdb7b74c10b10f26b732cb2bc75127c9ccc396',0);
INSERT INTO "credentials" VALUES('shop','zhenzi','653990928','a374e2cd0a0e437bc4642baa714f1814ce3c3cf5ca669b3d3da673e4fd90dc68',0);
CREATE TABLE device_memory (
    device TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (device, key)
) WITHOUT ROWID;
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
INSERT INTO "events" VALUES(1,'699a63ae-8f3c-4f08-a578-a433b82ca492','message.submitted','shop',1795227459522,'01a1fbe51fc202c7bf4e3dbb9c084b3d79c8dd76','{"id":"01a1fbe51fc202c7bf4e3dbb9c084b3d79c8dd76","to":"+15550123","written":"+15550123","text":"sent and delivered","state":"queued","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"smsmobile","created_at":1795227459522,"sent_at":0,"delivered_at":0}');
INSERT INTO "events" VALUES(2,'7d2b2a82-c3f7-486f-a093-a48688f6ceea','message.submitted','shop',1795227459526,'01a1fbe51fc602c7c0861fbcad2e5e6c27953a54','{"id":"01a1fbe51fc602c7c0861fbcad2e5e6c27953a54","to":"+15550124","written":"+15550124","text":"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé","state":"queued","line":"","slot":0,"parts":2,"error":"","client_ref":"","tag":"","dialect":"smsmobile","created_at":1795227459526,"sent_at":0,"delivered_at":0}');
INSERT INTO "events" VALUES(3,'ed8913c6-a1e6-4167-ae84-57ea66c4937a','line.changed','',1795227459577,'line0','{"line": "line0", "device": "line0", "state": "ready", "reason": ""}');
INSERT INTO "events" VALUES(4,'eff0b5bd-8a00-4971-a219-6a24b64f3ce5','message.sent','shop',1795227459584,'01a1fbe51fc202c7bf4e3dbb9c084b3d79c8dd76','{"id": "01a1fbe51fc202c7bf4e3dbb9c084b3d79c8dd76", "to": "+15550123", "written": "+15550123", "text": "sent and delivered", "state": "sent", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227459522, "sent_at": 1795227459584, "delivered_at": 0}');
INSERT INTO "events" VALUES(5,'0786fab7-d3a4-477f-adc1-cf9d09da9b60','message.delivered','shop',1795227459587,'01a1fbe51fc202c7bf4e3dbb9c084b3d79c8dd76','{"id": "01a1fbe51fc202c7bf4e3dbb9c084b3d79c8dd76", "to": "+15550123", "written": "+15550123", "text": "sent and delivered", "state": "delivered", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227459522, "sent_at": 1795227459584, "delivered_at": 1795227459587}');
INSERT INTO "events" VALUES(6,'36622cb3-af2f-484b-a981-23a5144af05b','message.sent','shop',1795227459598,'01a1fbe51fc602c7c0861fbcad2e5e6c27953a54','{"id": "01a1fbe51fc602c7c0861fbcad2e5e6c27953a54", "to": "+15550124", "written": "+15550124", "text": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "state": "sent", "line": "line0", "slot": 0, "parts": 2, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227459526, "sent_at": 1795227459598, "delivered_at": 0}');
INSERT INTO "events" VALUES(7,'3c05f70d-55e6-46c8-a8b4-011aca84a59f','message.delivered','shop',1795227459604,'01a1fbe51fc602c7c0861fbcad2e5e6c27953a54','{"id": "01a1fbe51fc602c7c0861fbcad2e5e6c27953a54", "to": "+15550124", "written": "+15550124", "text": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "state": "delivered", "line": "line0", "slot": 0, "parts": 2, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227459526, "sent_at": 1795227459598, "delivered_at": 1795227459604}');
INSERT INTO "events" VALUES(8,'ea31a0a8-3006-41df-af0b-e645392759ef','message.submitted','shop',1795227459618,'01a1fbe5202202c7c1fa0ce0fc952cf7515ecc4a','{"id":"01a1fbe5202202c7c1fa0ce0fc952cf7515ecc4a","to":"+15550126","written":"+15550126","text":"tomorrow","state":"scheduled","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"native","created_at":1795227459618,"sent_at":0,"delivered_at":0}');
INSERT INTO "events" VALUES(9,'dd1a880b-13e3-469a-a27a-68aeba51e106','message.received','',1795227459623,'9c9376d9-aa25-4c4d-aff6-1c0148cac4b2','{"id": "9c9376d9-aa25-4c4d-aff6-1c0148cac4b2", "from": "+15550125", "text": "came in", "line": "line0", "device": "line0", "sent_at": 1795227459000, "received_at": 1795227459623, "partial": false, "data": "", "error": ""}');
INSERT INTO "events" VALUES(10,'a254d759-1505-48ff-a28c-8acb61dedc0d','message.submitted','shop',1795227459625,'01a1fbe5202902c7c251176682645baf4acf67f6','{"id":"01a1fbe5202902c7c251176682645baf4acf67f6","to":"+15550127","written":"+15550127","text":"for a line that is away","state":"queued","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"native","created_at":1795227459625,"sent_at":0,"delivered_at":0}');
INSERT INTO "events" VALUES(11,'a915fcd6-d532-416a-ace7-5bcd18a167f3','message.sent','shop',1795227459640,'01a1fbe5202902c7c251176682645baf4acf67f6','{"id": "01a1fbe5202902c7c251176682645baf4acf67f6", "to": "+15550127", "written": "+15550127", "text": "for a line that is away", "state": "sent", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "native", "created_at": 1795227459625, "sent_at": 1795227459640, "delivered_at": 0}');
INSERT INTO "events" VALUES(12,'79a5c22b-60fd-41e7-ab97-6ca175c6b38c','message.delivered','shop',1795227459647,'01a1fbe5202902c7c251176682645baf4acf67f6','{"id": "01a1fbe5202902c7c251176682645baf4acf67f6", "to": "+15550127", "written": "+15550127", "text": "for a line that is away", "state": "delivered", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "native", "created_at": 1795227459625, "sent_at": 1795227459640, "delivered_at": 1795227459647}');
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
INSERT INTO "idempotency" VALUES('shop','k1','58c403fb44c5559fbb7d8cb88466d11f86fefeebacd0ce965342fc8469f45dc3','["01a1fbe5202902c7c251176682645baf4acf67f6"]',1795227459625);
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
INSERT INTO "ledger" VALUES(1,'211e4d6d-7d33-4c6e-a092-886291346cab','wh_1','shop',1,'owed',0,1795227459522,1795227459522,0,0,'');
INSERT INTO "ledger" VALUES(2,'28f018c7-9fb6-499b-ac4f-83dd8a3016ef','wh_1','shop',2,'owed',0,1795227459526,1795227459526,0,0,'');
INSERT INTO "ledger" VALUES(3,'43c3eef2-3256-4a44-a108-1d6beb109e06','wh_1','shop',3,'owed',0,1795227459577,1795227459577,0,0,'');
INSERT INTO "ledger" VALUES(4,'424faad2-5b06-4e8e-ad7f-0442be03dbc8','wh_1','shop',4,'owed',0,1795227459584,1795227459584,0,0,'');
INSERT INTO "ledger" VALUES(5,'c7d6af66-8dff-48ed-ad28-c18db732d733','wh_1','shop',5,'owed',0,1795227459587,1795227459587,0,0,'');
INSERT INTO "ledger" VALUES(6,'a6f5202e-0a84-4965-af62-9ca80b48f1aa','wh_1','shop',6,'owed',0,1795227459598,1795227459598,0,0,'');
INSERT INTO "ledger" VALUES(7,'4fc1ef44-e278-4e6e-a9a9-46c27f46c6f8','wh_1','shop',7,'owed',0,1795227459604,1795227459604,0,0,'');
INSERT INTO "ledger" VALUES(8,'74fd9c97-6519-43fa-a592-9866e193b0af','wh_1','shop',8,'owed',0,1795227459618,1795227459618,0,0,'');
INSERT INTO "ledger" VALUES(9,'bb4aa6f3-53e0-4a5d-a6b6-201d8f7665a9','wh_1','shop',9,'owed',0,1795227459623,1795227459623,0,0,'');
INSERT INTO "ledger" VALUES(10,'03eb4995-ea97-4228-aa89-a4534a90a71d','wh_1','shop',10,'owed',0,1795227459625,1795227459625,0,0,'');
INSERT INTO "ledger" VALUES(11,'e5cc4c0d-6c23-4c2c-a592-c73b9131c475','wh_1','shop',11,'owed',0,1795227459640,1795227459640,0,0,'');
INSERT INTO "ledger" VALUES(12,'a9543990-ac60-46cc-a017-8f4040360974','wh_1','shop',12,'owed',0,1795227459647,1795227459647,0,0,'');
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
INSERT INTO "messages" VALUES(1,'01a1fbe51fc202c7bf4e3dbb9c084b3d79c8dd76','shop','+15550123','+15550123','sent and delivered','delivered',1795227459522,1795227459587,1795227459522,1795313859522,'','line0',0,1,0,'','hold',1,1795227459584,1795227459587,0,'','','smsmobile',NULL,1);
INSERT INTO "messages" VALUES(2,'01a1fbe51fc602c7c0861fbcad2e5e6c27953a54','shop','+15550124','+15550124','éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé','delivered',1795227459526,1795227459604,1795227459526,1795313859526,'','line0',0,2,0,'','hold',1,1795227459598,1795227459604,0,'','','smsmobile',65,2);
INSERT INTO "messages" VALUES(3,'01a1fbe5202202c7c1fa0ce0fc952cf7515ecc4a','shop','+15550126','+15550126','tomorrow','scheduled',1795227459618,1795227459618,1798761600000,1798848000000,'','',0,1,0,'','hold',1,0,0,1798761600000,'','','native',NULL,0);
INSERT INTO "messages" VALUES(4,'01a1fbe5202902c7c251176682645baf4acf67f6','shop','+15550127','+15550127','for a line that is away','sending',1795227459625,1795227459647,1795227459625,1795313859625,'line0','line0',0,1,0,'','hold',1,0,0,0,'','','native',NULL,1);
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
INSERT INTO "parts" VALUES('01a1fbe51fc202c7bf4e3dbb9c084b3d79c8dd76',1,'delivered',0,'line0',1,'',1795227459580,1795227459584,1795227459587);
INSERT INTO "parts" VALUES('01a1fbe51fc602c7c0861fbcad2e5e6c27953a54',1,'delivered',1,'line0',1,'',1795227459584,1795227459590,1795227459592);
INSERT INTO "parts" VALUES('01a1fbe51fc602c7c0861fbcad2e5e6c27953a54',2,'delivered',2,'line0',1,'',1795227459590,1795227459598,1795227459604);
INSERT INTO "parts" VALUES('01a1fbe5202902c7c251176682645baf4acf67f6',1,'sending',NULL,'line0',1,'',1795227459628,0,0);
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
INSERT INTO "received" VALUES(1,'9c9376d9-aa25-4c4d-aff6-1c0148cac4b2','line0','line0','+15550125','came in',1795227459000,1795227459623,0,'','');
CREATE TABLE received_marks (
    account TEXT NOT NULL,
    received INTEGER NOT NULL,
    read_at INTEGER NOT NULL DEFAULT 0,
    hidden_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, received)
) WITHOUT ROWID;
CREATE TABLE slots (line TEXT NOT NULL, slot TEXT NOT NULL, PRIMARY KEY (line, slot)) WITHOUT ROWID;
CREATE TABLE typed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL,
    slot TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL,
    recipient TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    UNIQUE (line, slot)
);
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
CREATE INDEX typed_newest ON typed (sent_at, seq);
CREATE INDEX calls_newest ON calls (call_at, seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('messages',4);
INSERT INTO "sqlite_sequence" VALUES('events',12);
INSERT INTO "sqlite_sequence" VALUES('ledger',12);
INSERT INTO "sqlite_sequence" VALUES('received',1);
COMMIT;
PRAGMA user_version = 2;
