import assert from "node:assert/strict";
import { test } from "node:test";
import { describeRights, missingRights } from "./covers.ts";

const pods = { apiGroups: [""], resources: ["pods"] };

test("missingRights() is empty where the rules together allow everything that is wanted", () => {
  const owned = [
    { ...pods, verbs: ["get"] },
    { apiGroups: ["*"], resources: ["*/status"], verbs: ["*"] },
    { verbs: ["get"], nonResourceURLs: ["/logs/*"] },
  ];
  const wanted = [
    { ...pods, verbs: ["get"], resourceNames: ["web"] },
    { apiGroups: ["apps"], resources: ["deployments/status"], verbs: ["patch"] },
    { verbs: ["get"], nonResourceURLs: ["/logs/today", "/logs/*"] },
  ];
  assert.deepEqual(missingRights(owned, wanted), []);
});

test("a rule for some names covers neither others nor all", () => {
  const owned = [{ ...pods, verbs: ["get"], resourceNames: ["web"] }];
  assert.deepEqual(missingRights(owned, [{ ...pods, verbs: ["get"] }]), [{ ...pods, verbs: ["get"] }]);
  const other = { ...pods, verbs: ["get"], resourceNames: ["db"] };
  assert.deepEqual(missingRights(owned, [other]), [other]);
});

test("nobody covers a star by naming everything", () => {
  const wanted = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
  assert.equal(missingRights([{ apiGroups: ["", "apps"], resources: ["*"], verbs: ["*"] }], [wanted]).length, 1);
  assert.equal(missingRights([{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list"] }], [wanted]).length, 1);
});

test("describeRights() names verbs on one resource together, and sorts", () => {
  const rights = missingRights(
    [],
    [
      { verbs: ["get"], nonResourceURLs: ["/metrics"] },
      { apiGroups: ["", "apps"], resources: ["pods"], verbs: ["list", "get"] },
    ],
  );
  assert.equal(
    describeRights(rights),
    [
      '{APIGroups:[""], Resources:["pods"], Verbs:["list" "get"]}',
      '{APIGroups:["apps"], Resources:["pods"], Verbs:["list" "get"]}',
      '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    ].join("\n"),
  );
});
