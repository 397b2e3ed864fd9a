BEGIN TRANSACTION;
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    on_unknown TEXT NOT NULL,
    operator INTEGER NOT NULL DEFAULT 0,
    webhook_secret TEXT NOT NULL DEFAULT ''
, credits INTEGER, payment TEXT NOT NULL DEFAULT 'postpaid', addresses TEXT NOT NULL DEFAULT '[]', requests_per_minute INTEGER NOT NULL DEFAULT 0, daily_per_recipient INTEGER NOT NULL DEFAULT 0, zone TEXT NOT NULL DEFAULT 'UTC', country TEXT NOT NULL DEFAULT '', verification TEXT NOT NULL DEFAULT 'approved', report_on TEXT NOT NULL DEFAULT '');
INSERT INTO "accounts" VALUES('operator',1795227458107,0,'hold',1,'',NULL,'postpaid','[]',0,0,'UTC','','approved','');
INSERT INTO "accounts" VALUES('shop',0,0,'hold',0,'',NULL,'postpaid','[]',0,0,'UTC','','approved','');
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    account TEXT NOT NULL,
    detail TEXT NOT NULL
);
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
CREATE TABLE clock (
    -- which start of the machine it was
    boot TEXT NOT NULL,
    -- of the wall clock, against the monotonic one, ms
    offset INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    -- the last event then
    event INTEGER NOT NULL,
    -- by how much the clock was set since that start, ms
    stepped INTEGER NOT NULL
);
CREATE TABLE concat_refs (bucket INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE credentials (
    account TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    ident TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL DEFAULT '', scopes TEXT NOT NULL DEFAULT 'send read inbox webhooks admin', created_at INTEGER NOT NULL DEFAULT 0, hint TEXT NOT NULL DEFAULT '', used_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, ident, digest)
) WITHOUT ROWID;
INSERT INTO "credentials" VALUES('shop','apikey','','762c08fc17a1cc5f00d248f8b50f2f2f4d17ff2934ac31e64deacb3f5bb3f2ec',0,'','send read inbox webhooks admin',0,'',0);
INSERT INTO "credentials" VALUES('shop','client','5add1c777c39667c8865aa213968aa7d','c6517a145ef788ab760dec86bc7a7f4d5c0dbd828e2fa10eaf46bdd309ea7a33',0,'','send read inbox webhooks admin',0,'',0);
INSERT INTO "credentials" VALUES('shop','template','sk_fd8756fe25f6f4d9a9d58367c2f5528e','b505f9c23ba7d653b8ba0fd38433094d75ec1bd9310977b5ee089942c9c453cc',0,'','send read inbox webhooks admin',0,'',0);
INSERT INTO "credentials" VALUES('shop','v1','shop','a331352c4d9ff0325b5cc8599a63764c42ff11929a4e21afd76a1c24cab1da2e',0,'','send read inbox webhooks admin',0,'',0);
INSERT INTO "credentials" VALUES('shop','zhenzi','389262777','ff4457f95e72cc4402958fbc6f2f7844861f32911331df2ec381fc72178b27f0',0,'','send read inbox webhooks admin',0,'',0);
CREATE TABLE daily (
    account TEXT NOT NULL,
    recipient TEXT NOT NULL,
    day TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (account, recipient, day)
) WITHOUT ROWID;
CREATE TABLE device_memory (
    device TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (device, key)
) WITHOUT ROWID;
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
, about INTEGER);
INSERT INTO "events" VALUES(1,'515a2689-6b71-4fda-ada5-dce3fbed8d26','message.submitted','shop',1795227458117,'01a1fbe51a45063487c25ba35e0461fe880b5730','{"id":"01a1fbe51a45063487c25ba35e0461fe880b5730","to":"+15550123","written":"+15550123","text":"sent and delivered","state":"queued","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"smsmobile","created_at":1795227458117,"sent_at":0,"delivered_at":0}',1);
INSERT INTO "events" VALUES(2,'d17cd1b5-4b49-47c7-a702-736b9c06456b','message.submitted','shop',1795227458120,'01a1fbe51a480634889702cec417683172452334','{"id":"01a1fbe51a480634889702cec417683172452334","to":"+15550124","written":"+15550124","text":"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé","state":"queued","line":"","slot":0,"parts":2,"error":"","client_ref":"","tag":"","dialect":"smsmobile","created_at":1795227458120,"sent_at":0,"delivered_at":0}',2);
INSERT INTO "events" VALUES(3,'21ba0ea4-e2cf-479a-a10e-b6fd7a4318b6','line.changed','',1795227458170,'line0','{"line": "line0", "device": "line0", "state": "ready", "reason": ""}',NULL);
INSERT INTO "events" VALUES(4,'6bae4967-0e37-4daf-a806-25073ca887c2','message.sent','shop',1795227458176,'01a1fbe51a45063487c25ba35e0461fe880b5730','{"id": "01a1fbe51a45063487c25ba35e0461fe880b5730", "to": "+15550123", "written": "+15550123", "text": "sent and delivered", "state": "sent", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227458117, "sent_at": 1795227458176, "delivered_at": 0}',1);
INSERT INTO "events" VALUES(5,'188aefca-d9fe-454d-a02d-e2d64b367dc5','message.delivered','shop',1795227458177,'01a1fbe51a45063487c25ba35e0461fe880b5730','{"id": "01a1fbe51a45063487c25ba35e0461fe880b5730", "to": "+15550123", "written": "+15550123", "text": "sent and delivered", "state": "delivered", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227458117, "sent_at": 1795227458176, "delivered_at": 1795227458177}',1);
INSERT INTO "events" VALUES(6,'d9b614fc-9a92-48c5-a9f3-7f1f96ab7d15','message.sent','shop',1795227458185,'01a1fbe51a480634889702cec417683172452334','{"id": "01a1fbe51a480634889702cec417683172452334", "to": "+15550124", "written": "+15550124", "text": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "state": "sent", "line": "line0", "slot": 0, "parts": 2, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227458120, "sent_at": 1795227458185, "delivered_at": 0}',2);
INSERT INTO "events" VALUES(7,'e33bbeba-434a-4fd4-ae8b-b918baa480e1','message.delivered','shop',1795227458188,'01a1fbe51a480634889702cec417683172452334','{"id": "01a1fbe51a480634889702cec417683172452334", "to": "+15550124", "written": "+15550124", "text": "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "state": "delivered", "line": "line0", "slot": 0, "parts": 2, "error": "", "client_ref": "", "tag": "", "dialect": "smsmobile", "created_at": 1795227458120, "sent_at": 1795227458185, "delivered_at": 1795227458188}',2);
INSERT INTO "events" VALUES(8,'08ae2afa-452d-4bbb-a2f5-4fad0615c20a','message.received','',1795227458208,'5ca5720c-e379-4630-a368-44fe6de0cf25','{"id": "5ca5720c-e379-4630-a368-44fe6de0cf25", "from": "+15550125", "text": "came in", "line": "line0", "device": "line0", "sent_at": 1795227458000, "received_at": 1795227458208, "partial": false, "data": "", "error": ""}',1);
INSERT INTO "events" VALUES(9,'595cdd3a-37b8-4456-aefd-909a0c3249e1','message.submitted','shop',1795227458230,'01a1fbe51ab606348944963fae2536107cdc9977','{"id":"01a1fbe51ab606348944963fae2536107cdc9977","to":"+15550126","written":"+15550126","text":"tomorrow","state":"scheduled","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"native","created_at":1795227458230,"sent_at":0,"delivered_at":0}',3);
INSERT INTO "events" VALUES(10,'f1535a61-8ae2-47a7-a431-7dff9bc06325','message.submitted','shop',1795227458233,'01a1fbe51ab906348a9fefac5b56e0f008367137','{"id":"01a1fbe51ab906348a9fefac5b56e0f008367137","to":"+15550127","written":"+15550127","text":"for a line that is away","state":"queued","line":"","slot":0,"parts":1,"error":"","client_ref":"","tag":"","dialect":"native","created_at":1795227458233,"sent_at":0,"delivered_at":0}',4);
INSERT INTO "events" VALUES(11,'c885f623-1fea-434d-a058-87ca4434e3ad','message.sent','shop',1795227458237,'01a1fbe51ab906348a9fefac5b56e0f008367137','{"id": "01a1fbe51ab906348a9fefac5b56e0f008367137", "to": "+15550127", "written": "+15550127", "text": "for a line that is away", "state": "sent", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "native", "created_at": 1795227458233, "sent_at": 1795227458237, "delivered_at": 0}',4);
INSERT INTO "events" VALUES(12,'90e48cfe-6778-4dec-a72f-9404ebdec00c','message.delivered','shop',1795227458239,'01a1fbe51ab906348a9fefac5b56e0f008367137','{"id": "01a1fbe51ab906348a9fefac5b56e0f008367137", "to": "+15550127", "written": "+15550127", "text": "for a line that is away", "state": "delivered", "line": "line0", "slot": 0, "parts": 1, "error": "", "client_ref": "", "tag": "", "dialect": "native", "created_at": 1795227458233, "sent_at": 1795227458237, "delivered_at": 1795227458239}',4);
CREATE TABLE fragments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL,
    sender TEXT NOT NULL,
    reference INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    total INTEGER NOT NULL,
    device TEXT NOT NULL,
    idx INTEGER NOT NULL,
    text BLOB NOT NULL,
    data TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    arrived_at INTEGER NOT NULL,
    -- `received.seq` of the SMS that it is in; NULL while it waits, 0 where that is not known or was the same again
    received INTEGER
);
CREATE TABLE handed_out (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (account, kind)
) WITHOUT ROWID;
CREATE TABLE idempotency (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    ids TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
INSERT INTO "idempotency" VALUES('shop','k1','58c403fb44c5559fbb7d8cb88466d11f86fefeebacd0ce965342fc8469f45dc3','["01a1fbe51ab906348a9fefac5b56e0f008367137"]',1795227458233);
CREATE TABLE kept_reports (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sim TEXT NOT NULL,
    heard_at INTEGER NOT NULL,
    line TEXT NOT NULL,
    slot TEXT NOT NULL,
    recipient TEXT NOT NULL,
    reference INTEGER NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL
);
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
INSERT INTO "ledger" VALUES(1,'783e6fd8-3d61-46a9-a165-fe298ba9c5bb','wh_1','shop',1,'owed',0,1795227458117,1795227458117,0,0,'');
INSERT INTO "ledger" VALUES(2,'8132d58d-7039-4ea0-ae34-d9e757dcd36f','wh_1','shop',2,'owed',0,1795227458120,1795227458120,0,0,'');
INSERT INTO "ledger" VALUES(3,'baa6c99a-f50c-4a3e-a073-688ffe1f4cd7','wh_1','shop',3,'owed',0,1795227458170,1795227458170,0,0,'');
INSERT INTO "ledger" VALUES(4,'44de9629-225a-47ca-a934-925f6dc611cb','wh_1','shop',4,'owed',0,1795227458176,1795227458176,0,0,'');
INSERT INTO "ledger" VALUES(5,'74729b78-d00e-4512-a041-ce13e2169388','wh_1','shop',5,'owed',0,1795227458177,1795227458177,0,0,'');
INSERT INTO "ledger" VALUES(6,'b34acf6b-7400-4971-a1ef-d8f2f70b2cb6','wh_1','shop',6,'owed',0,1795227458185,1795227458185,0,0,'');
INSERT INTO "ledger" VALUES(7,'e00790cc-bb3e-43d1-a807-c2d248b63aaa','wh_1','shop',7,'owed',0,1795227458188,1795227458188,0,0,'');
INSERT INTO "ledger" VALUES(8,'f17c40f5-4b44-4039-ab2a-e44b782bad73','wh_1','shop',8,'owed',0,1795227458208,1795227458208,0,0,'');
INSERT INTO "ledger" VALUES(9,'045be0d5-6568-4273-a408-f948dd750a95','wh_1','shop',9,'owed',0,1795227458230,1795227458230,0,0,'');
INSERT INTO "ledger" VALUES(10,'040652ca-1998-4904-ade0-fa1ec7d4c001','wh_1','shop',10,'owed',0,1795227458233,1795227458233,0,0,'');
INSERT INTO "ledger" VALUES(11,'633a29e3-d83b-4f79-ada3-3d310e4986d3','wh_1','shop',11,'owed',0,1795227458237,1795227458237,0,0,'');
INSERT INTO "ledger" VALUES(12,'f8f3d273-e597-4778-a4e2-570add9cd5bb','wh_1','shop',12,'owed',0,1795227458239,1795227458239,0,0,'');
CREATE TABLE loopbacks (
    token TEXT PRIMARY KEY,
    sender TEXT NOT NULL,
    receiver TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    arrived_at INTEGER NOT NULL DEFAULT 0,
    lost_at INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE message_counts (
    -- of acceptance, in quarters of an hour since 1970: every time zone is as many of them away from UTC
    quarter INTEGER NOT NULL,
    account TEXT NOT NULL,
    line TEXT NOT NULL,
    state TEXT NOT NULL,
    messages INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    PRIMARY KEY (account, quarter, line, state)
) WITHOUT ROWID;
INSERT INTO "message_counts" VALUES(1994697,'shop','','scheduled',1,1);
INSERT INTO "message_counts" VALUES(1994697,'shop','line0','delivered',2,3);
INSERT INTO "message_counts" VALUES(1994697,'shop','line0','sending',1,1);
CREATE TABLE message_hours (
    hour INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- some came while a later hour was there already, for the clock was set: only the others are in the rows' order
    odd INTEGER NOT NULL
);
INSERT INTO "message_hours" VALUES(498674,1,4,0);
CREATE TABLE message_totals (
    account TEXT NOT NULL,
    state TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (account, state)
) WITHOUT ROWID;
INSERT INTO "message_totals" VALUES('shop','delivered',2);
INSERT INTO "message_totals" VALUES('shop','scheduled',1);
INSERT INTO "message_totals" VALUES('shop','sending',1);
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
, charged INTEGER NOT NULL DEFAULT 0, reported INTEGER NOT NULL DEFAULT 0, media TEXT NOT NULL DEFAULT '');
INSERT INTO "messages" VALUES(1,'01a1fbe51a45063487c25ba35e0461fe880b5730','shop','+15550123','+15550123','sent and delivered','delivered',1795227458117,1795227458177,1795227458117,1795313858117,'','line0',0,1,0,'','hold',1,1795227458176,1795227458177,0,'','','smsmobile',NULL,1,0,0,'');
INSERT INTO "messages" VALUES(2,'01a1fbe51a480634889702cec417683172452334','shop','+15550124','+15550124','éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé','delivered',1795227458120,1795227458188,1795227458120,1795313858120,'','line0',0,2,0,'','hold',1,1795227458185,1795227458188,0,'','','smsmobile',255,2,0,0,'');
INSERT INTO "messages" VALUES(3,'01a1fbe51ab606348944963fae2536107cdc9977','shop','+15550126','+15550126','tomorrow','scheduled',1795227458230,1795227458230,1798761600000,1798848000000,'','',0,1,0,'','hold',1,0,0,1798761600000,'','','native',NULL,0,0,0,'');
INSERT INTO "messages" VALUES(4,'01a1fbe51ab906348a9fefac5b56e0f008367137','shop','+15550127','+15550127','for a line that is away','sending',1795227458233,1795227458239,1795227458233,1795313858233,'line0','line0',0,1,0,'','hold',1,0,0,0,'','','native',NULL,1,0,0,'');
CREATE TABLE moved (at INTEGER NOT NULL, archive TEXT NOT NULL);
CREATE TABLE movements (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    at INTEGER NOT NULL,
    message TEXT NOT NULL,
    note TEXT NOT NULL,
    balance INTEGER NOT NULL
);
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
    done_at INTEGER NOT NULL, sim TEXT NOT NULL DEFAULT '', centre_at INTEGER NOT NULL DEFAULT 0, unsure INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, idx)
) WITHOUT ROWID;
INSERT INTO "parts" VALUES('01a1fbe51a45063487c25ba35e0461fe880b5730',1,'delivered',0,'line0',1,'',1795227458173,1795227458176,1795227458177,'',0,0);
INSERT INTO "parts" VALUES('01a1fbe51a480634889702cec417683172452334',1,'delivered',1,'line0',1,'',1795227458176,1795227458180,1795227458182,'',0,0);
INSERT INTO "parts" VALUES('01a1fbe51a480634889702cec417683172452334',2,'delivered',2,'line0',1,'',1795227458180,1795227458185,1795227458188,'',0,0);
INSERT INTO "parts" VALUES('01a1fbe51ab906348a9fefac5b56e0f008367137',1,'sending',NULL,'line0',1,'',1795227458234,0,0,'line0',0,0);
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
INSERT INTO "received" VALUES(1,'5ca5720c-e379-4630-a368-44fe6de0cf25','line0','line0','+15550125','came in',1795227458000,1795227458208,0,'','');
CREATE TABLE received_counts (
    quarter INTEGER NOT NULL,
    line TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (quarter, line)
) WITHOUT ROWID;
INSERT INTO "received_counts" VALUES(1994697,'line0',1);
CREATE TABLE received_hours (
    hour INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, odd INTEGER NOT NULL
);
INSERT INTO "received_hours" VALUES(498674,1,1,0);
CREATE TABLE received_marks (
    account TEXT NOT NULL,
    received INTEGER NOT NULL,
    read_at INTEGER NOT NULL DEFAULT 0,
    hidden_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, received)
) WITHOUT ROWID;
CREATE TABLE sims (
    sim TEXT PRIMARY KEY,
    -- how far the service centre's clock is ahead, ms
    clock_offset INTEGER NOT NULL DEFAULT 0,
    clock_known INTEGER NOT NULL DEFAULT 0,
    -- what one report alone said of it, against all that is known
    suspected_from INTEGER NOT NULL DEFAULT 0,
    suspected_to INTEGER NOT NULL DEFAULT 0,
    suspected_reference INTEGER
) WITHOUT ROWID;
CREATE TABLE slots (line TEXT NOT NULL, slot TEXT NOT NULL, PRIMARY KEY (line, slot)) WITHOUT ROWID;
CREATE TABLE stops (
    line TEXT NOT NULL,
    device TEXT NOT NULL,
    number TEXT NOT NULL,
    word TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (line, number)
) WITHOUT ROWID;
CREATE TABLE suppressed (
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE TABLE templates (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    approved INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
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
CREATE UNIQUE INDEX messages_client_ref ON messages (account, client_ref) WHERE client_ref <> '';
CREATE INDEX parts_open ON parts (line, state) WHERE state IN ('sending', 'unknown');
CREATE INDEX ledger_owed ON ledger (endpoint, seq) WHERE state = 'owed';
CREATE INDEX typed_newest ON typed (sent_at, seq);
CREATE INDEX calls_newest ON calls (call_at, seq);
CREATE INDEX movements_account ON movements (account, seq);
CREATE UNIQUE INDEX credentials_name ON credentials (account, name) WHERE name <> '' AND kind <> 'token';
CREATE UNIQUE INDEX loopbacks_under_way ON loopbacks (sender, receiver) WHERE arrived_at = 0 AND lost_at = 0;
CREATE INDEX loopbacks_newest ON loopbacks (sender, receiver, started_at);
CREATE INDEX parts_reference ON parts (sim, reference, intent_at) WHERE reference IS NOT NULL;
CREATE INDEX parts_undecided ON parts (sim, state, intent_at) WHERE state IN ('sending', 'unknown');
CREATE INDEX fragments_kind ON fragments (line, sender, reference, bits, total);
CREATE INDEX fragments_waiting ON fragments (line, sender, reference, bits, total, seq) WHERE received IS NULL;
CREATE INDEX kept_reports_sim ON kept_reports (sim, seq);
CREATE INDEX suppressed_number ON suppressed (account, substr(number, -7));
CREATE INDEX stops_number ON stops (substr(number, -7));
CREATE INDEX events_about ON events (about) WHERE about IS NOT NULL;
CREATE INDEX ledger_event ON ledger (event);
CREATE INDEX messages_recipient ON messages (substr(recipient, -7), account);
CREATE INDEX messages_account ON messages (account, state);
CREATE INDEX messages_sending ON messages (account) WHERE state = 'sending';
CREATE INDEX messages_line ON messages (line) WHERE line <> '';
CREATE INDEX received_sender ON received (sender);
CREATE INDEX received_line ON received (line);
CREATE INDEX message_hours_odd ON message_hours (hour) WHERE odd;
CREATE INDEX received_hours_odd ON received_hours (hour) WHERE odd;
CREATE TRIGGER messages_counted AFTER INSERT ON messages BEGIN
    INSERT INTO message_counts VALUES (new.created_at / 900000, new.account, new.line, new.state, 1, new.parts)
        ON CONFLICT DO UPDATE SET messages = messages + 1, parts = parts + excluded.parts;
    INSERT INTO message_totals VALUES (new.account, new.state, 1) ON CONFLICT DO UPDATE SET messages = messages + 1;
    INSERT INTO message_hours VALUES (new.created_at / 3600000, new.seq, new.seq,
        EXISTS (SELECT 1 FROM message_hours WHERE hour > new.created_at / 3600000))
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, excluded.odd);
END;
CREATE TRIGGER messages_moved AFTER UPDATE OF state, line, created_at ON messages
    WHEN old.state <> new.state OR old.line <> new.line OR old.created_at <> new.created_at BEGIN
    UPDATE message_counts SET messages = messages - 1, parts = parts - old.parts
        WHERE account = old.account AND quarter = old.created_at / 900000 AND line = old.line AND state = old.state;
    DELETE FROM message_counts WHERE account = old.account AND quarter = old.created_at / 900000 AND line = old.line
        AND state = old.state AND messages <= 0;
    INSERT INTO message_counts VALUES (new.created_at / 900000, new.account, new.line, new.state, 1, new.parts)
        ON CONFLICT DO UPDATE SET messages = messages + 1, parts = parts + excluded.parts;
    UPDATE message_totals SET messages = messages - 1 WHERE account = old.account AND state = old.state;
    INSERT INTO message_totals VALUES (new.account, new.state, 1) ON CONFLICT DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER messages_restamped AFTER UPDATE OF created_at ON messages
    WHEN old.created_at / 3600000 <> new.created_at / 3600000 BEGIN
    INSERT INTO message_hours VALUES (new.created_at / 3600000, new.seq, new.seq, 1)
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last), odd = 1;
END;
CREATE TRIGGER messages_forgotten AFTER DELETE ON messages BEGIN
    UPDATE message_counts SET messages = messages - 1, parts = parts - old.parts
        WHERE account = old.account AND quarter = old.created_at / 900000 AND line = old.line AND state = old.state;
    DELETE FROM message_counts WHERE account = old.account AND quarter = old.created_at / 900000 AND line = old.line
        AND state = old.state AND messages <= 0;
    UPDATE message_totals SET messages = messages - 1 WHERE account = old.account AND state = old.state;
END;
CREATE TRIGGER received_counted AFTER INSERT ON received BEGIN
    INSERT INTO received_counts VALUES (new.received_at / 900000, new.line, 1)
        ON CONFLICT DO UPDATE SET messages = messages + 1;
    INSERT INTO received_hours VALUES (new.received_at / 3600000, new.seq, new.seq,
        EXISTS (SELECT 1 FROM received_hours WHERE hour > new.received_at / 3600000))
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, excluded.odd);
END;
CREATE TRIGGER received_forgotten AFTER DELETE ON received BEGIN
    UPDATE received_counts SET messages = messages - 1 WHERE quarter = old.received_at / 900000 AND line = old.line;
    DELETE FROM received_counts WHERE quarter = old.received_at / 900000 AND line = old.line AND messages <= 0;
END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('messages',4);
INSERT INTO "sqlite_sequence" VALUES('events',12);
INSERT INTO "sqlite_sequence" VALUES('ledger',12);
INSERT INTO "sqlite_sequence" VALUES('received',1);
INSERT INTO "sqlite_sequence" VALUES('fragments',0);
COMMIT;
BEGIN;

-- people who sign in
CREATE TABLE users (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    -- its hash; '' for one who cannot sign in yet
    password TEXT NOT NULL,
    totp_secret TEXT NOT NULL DEFAULT '',
    totp INTEGER NOT NULL DEFAULT 0,
    -- the last period whose code was used
    totp_step INTEGER NOT NULL DEFAULT 0,
    seen_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE recovery_codes (
    user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (user, digest)
) WITHOUT ROWID;
CREATE TABLE user_links (
    digest TEXT PRIMARY KEY,
    -- '' where the visitor chooses it
    user TEXT NOT NULL COLLATE NOCASE,
    role TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user, created_at);

-- where words are, by `bridge.store.search`, which makes them; up to which row they are is in `indexed`
CREATE VIRTUAL TABLE message_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, prefix = '1 2', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE received_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, prefix = '1 2', tokenize = 'ascii'
);
CREATE TABLE indexed (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    -- rows that were taken out; FTS5 writes that down and still has their words, until all is merged
    gone INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TRIGGER messages_unsaid AFTER DELETE ON messages
    WHEN old.seq <= (SELECT seq FROM indexed WHERE name = 'messages') BEGIN
    INSERT INTO message_words (message_words, rowid, words)
        VALUES ('delete', old.seq, words_of(old.account, old.recipient, old.text));
    UPDATE indexed SET gone = gone + 1 WHERE name = 'messages';
END;
CREATE TRIGGER messages_said_again AFTER UPDATE OF account, recipient, text ON messages
    WHEN old.seq <= (SELECT seq FROM indexed WHERE name = 'messages') BEGIN
    INSERT INTO message_words (message_words, rowid, words)
        VALUES ('delete', old.seq, words_of(old.account, old.recipient, old.text));
    UPDATE indexed SET gone = gone + 1 WHERE name = 'messages';
    INSERT INTO message_words (rowid, words) VALUES (new.seq, words_of(new.account, new.recipient, new.text));
END;
CREATE TRIGGER received_unsaid AFTER DELETE ON received
    WHEN old.seq <= (SELECT seq FROM indexed WHERE name = 'received') BEGIN
    INSERT INTO received_words (received_words, rowid, words)
        VALUES ('delete', old.seq, words_of('', old.sender, old.text));
    UPDATE indexed SET gone = gone + 1 WHERE name = 'received';
END;
CREATE TRIGGER received_said_again AFTER UPDATE OF sender, text ON received
    WHEN old.seq <= (SELECT seq FROM indexed WHERE name = 'received') BEGIN
    INSERT INTO received_words (received_words, rowid, words)
        VALUES ('delete', old.seq, words_of('', old.sender, old.text));
    UPDATE indexed SET gone = gone + 1 WHERE name = 'received';
    INSERT INTO received_words (rowid, words) VALUES (new.seq, words_of('', new.sender, new.text));
END;
-- up to which row of the inbox an account has read or deleted everything
CREATE TABLE read_to (account TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
-- by what it came, and what came with the text: its kind and the provider's id of it, "" for none
ALTER TABLE received ADD COLUMN channel TEXT NOT NULL DEFAULT 'sms';
ALTER TABLE received ADD COLUMN media TEXT NOT NULL DEFAULT '';
CREATE INDEX received_channel ON received (channel);


-- each number with its newest messages, for its account and ('') for operators; made from what came since, in bites
CREATE TABLE conversations (
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    -- of the newest message
    at INTEGER NOT NULL,
    -- `messages.seq` and `received.seq` of the newest; 0 for none
    sent INTEGER NOT NULL,
    received INTEGER NOT NULL,
    -- `received.seq` up to which all was read
    read INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE INDEX conversations_newest ON conversations (account, at, number);
CREATE INDEX conversations_unread ON conversations (account, at, number) WHERE received > read;
CREATE INDEX conversations_number ON conversations (account, substr(number, -7));
-- up to which rows they are made
CREATE TABLE conversations_made (sent INTEGER NOT NULL, received INTEGER NOT NULL);
INSERT INTO conversations_made VALUES (0, 0);
-- numbers are compared by their end, however they are spelled
CREATE INDEX received_number ON received (substr(sender, -7));

CREATE TABLE contacts (
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    -- the name as it is sorted and looked for
    sort TEXT NOT NULL,
    note TEXT NOT NULL,
    consent TEXT NOT NULL,
    consent_note TEXT NOT NULL,
    consent_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE INDEX contacts_sort ON contacts (account, sort, number);
CREATE INDEX contacts_number ON contacts (account, substr(number, -7));
CREATE TABLE contact_groups (
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (account, name, number)
) WITHOUT ROWID;
CREATE INDEX contact_groups_number ON contact_groups (account, number);

-- what people said of messages of unknown fate
CREATE TABLE decisions (
    message TEXT NOT NULL,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (message, at)
) WITHOUT ROWID;
CREATE INDEX ledger_dead ON ledger (seq) WHERE state = 'dead';

-- deliveries of an endpoint in each state, in their order
CREATE INDEX ledger_endpoint ON ledger (endpoint, state);
CREATE INDEX fragments_given ON fragments (arrived_at) WHERE received IS NOT NULL;

-- files that are sent, and their rows
CREATE TABLE batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    plan TEXT NOT NULL,
    columns TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    rows INTEGER NOT NULL,
    judged TEXT NOT NULL,
    parts INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    position INTEGER NOT NULL,
    reserved INTEGER NOT NULL
);
CREATE INDEX batches_digest ON batches (account, digest);
CREATE INDEX batches_running ON batches (seq) WHERE state = 'running';
CREATE TABLE batch_rows (
    batch TEXT NOT NULL,
    row INTEGER NOT NULL,
    cells TEXT NOT NULL,
    state TEXT NOT NULL,
    number TEXT NOT NULL,
    parts INTEGER NOT NULL,
    problem TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (batch, row)
) WITHOUT ROWID;
CREATE INDEX batch_rows_state ON batch_rows (batch, state, row);

-- by which lines or devices an account may send, as JSON; none for all
ALTER TABLE accounts ADD COLUMN lines TEXT NOT NULL DEFAULT '[]';
-- names of the lines or devices whose received SMS an account sees, as JSON; none for all
ALTER TABLE accounts ADD COLUMN inbound_lines TEXT NOT NULL DEFAULT '[]';

-- Where words are, made anew by `bridge.store.search`: the first character of each stands for an account.
DROP TABLE message_words;
DROP TABLE received_words;
CREATE VIRTUAL TABLE message_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, prefix = '2 3', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE received_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, prefix = '2 3', tokenize = 'ascii'
);
DELETE FROM indexed;

-- whether an hour's rows came in the order of their time, but for five seconds; not known of those that are there
ALTER TABLE message_hours ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message_hours ADD COLUMN mixed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE received_hours ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE received_hours ADD COLUMN mixed INTEGER NOT NULL DEFAULT 1;
DROP TRIGGER messages_counted;
CREATE TRIGGER messages_counted AFTER INSERT ON messages BEGIN
    INSERT INTO message_counts VALUES (new.created_at / 900000, new.account, new.line, new.state, 1, new.parts)
        ON CONFLICT DO UPDATE SET messages = messages + 1, parts = parts + excluded.parts;
    INSERT INTO message_totals VALUES (new.account, new.state, 1) ON CONFLICT DO UPDATE SET messages = messages + 1;
    INSERT INTO message_hours VALUES (new.created_at / 3600000, new.seq, new.seq,
        EXISTS (SELECT 1 FROM message_hours WHERE hour > new.created_at / 3600000), new.created_at, 0)
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, excluded.odd), mixed = max(mixed, excluded.newest < newest - 5000),
        newest = max(newest, excluded.newest);
END;
DROP TRIGGER messages_restamped;
CREATE TRIGGER messages_restamped AFTER UPDATE OF created_at ON messages WHEN old.created_at <> new.created_at BEGIN
    INSERT INTO message_hours VALUES (new.created_at / 3600000, new.seq, new.seq, 1, new.created_at, 1)
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, old.created_at / 3600000 <> new.created_at / 3600000), mixed = 1,
        newest = max(newest, excluded.newest);
END;
DROP TRIGGER received_counted;
CREATE TRIGGER received_counted AFTER INSERT ON received BEGIN
    INSERT INTO received_counts VALUES (new.received_at / 900000, new.line, 1)
        ON CONFLICT DO UPDATE SET messages = messages + 1;
    INSERT INTO received_hours VALUES (new.received_at / 3600000, new.seq, new.seq,
        EXISTS (SELECT 1 FROM received_hours WHERE hour > new.received_at / 3600000), new.received_at, 0)
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, excluded.odd), mixed = max(mixed, excluded.newest < newest - 5000),
        newest = max(newest, excluded.newest);
END;

-- submissions that take more than one transaction: their messages, packed, until all of them are here
CREATE TABLE bulk (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    -- from then on its messages are to be sent
    accepted INTEGER NOT NULL DEFAULT 0,
    -- credits of the account before those messages that are not made yet; NULL where nothing is counted
    balance INTEGER,
    -- by how much the clock was set since they were stamped, ms
    stepped INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE bulk_slices (
    bulk INTEGER NOT NULL,
    place INTEGER NOT NULL,
    messages BLOB NOT NULL,
    PRIMARY KEY (bulk, place)
);
-- what callers call these messages: nobody else's may be called so meanwhile
CREATE TABLE bulk_refs (
    account TEXT NOT NULL,
    client_ref TEXT NOT NULL,
    PRIMARY KEY (account, client_ref)
) WITHOUT ROWID;
-- what holds the SMS: a SIM or a modem, in whatever line it is; the line where a driver does not say, and before this
ALTER TABLE slots RENAME COLUMN line TO holder;
-- parts of a long SMS come by a SIM; the line where that is not known, and before this
ALTER TABLE fragments ADD COLUMN sim TEXT NOT NULL DEFAULT '';
UPDATE fragments SET sim = line;
DROP INDEX fragments_kind;
DROP INDEX fragments_waiting;
CREATE INDEX fragments_kind ON fragments (sim, sender, reference, bits, total);
CREATE INDEX fragments_waiting ON fragments (sim, sender, reference, bits, total, seq) WHERE received IS NULL;
-- each line by the quarter of an hour, counted from 1970; written once an hour
CREATE TABLE line_quarters (
    quarter INTEGER NOT NULL,
    line TEXT NOT NULL,
    -- dBm, NULL where none was told
    signal INTEGER,
    -- seconds in which it could not send, and in which the bridge looked
    away INTEGER NOT NULL,
    watched INTEGER NOT NULL,
    PRIMARY KEY (quarter, line)
) WITHOUT ROWID;

-- alarms that were raised, from this release on
CREATE TABLE alarms (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    reason TEXT NOT NULL,
    line TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    -- 0 while it goes on
    ended_at INTEGER NOT NULL,
    UNIQUE (key, began_at)
);
CREATE INDEX alarms_line ON alarms (line);

-- loop-back SMS in the order of their time, of all lines and of one
CREATE INDEX loopbacks_at ON loopbacks (started_at, token);
CREATE INDEX loopbacks_sender ON loopbacks (sender, started_at, token);
CREATE INDEX loopbacks_receiver ON loopbacks (receiver, started_at, token);
COMMIT;
PRAGMA user_version = 9;
