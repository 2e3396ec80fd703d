const assert = require("node:assert");
const test = require("node:test");
const { write } = require("./roman");

test("years", () => {
  assert.strictEqual(write(1994), "MCMXCIV");
  assert.strictEqual(write(2026), "MMXXVI");
});
