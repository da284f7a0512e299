// What is taken for a secret, and what is not.
#include "sweep/provenance/secrets.h"

#include "tests/catch.h"

using core::Json;
using sweep::Secrets;

TEST_CASE("a token of a known shape is a secret wherever it stands") {
  const Secrets none({});
  const std::string twenty = "0123456789abcdefABCD";
  for (const std::string& token :
       {"ghp_" + twenty, "github_pat_" + twenty, "glpat-" + twenty, std::string("AKIA0123456789ABCDEF"), "sk-" + twenty,
        "sk_live_" + twenty, "xoxb-" + twenty, "hf_" + twenty, "AIza" + twenty + twenty, "npm_" + twenty + twenty,
        "eyJ" + twenty + ".eyJ" + twenty + "." + twenty}) {
    INFO(token);
    CHECK(none.redact("curl -H '" + token + "' x").find(token) == std::string::npos);
  }
  CHECK(none.redact("https://me:pass@example.org/x") == "https://[redacted]example.org/x");
  CHECK(none.redact("Authorization: Bearer abcdefghijklmnop") == "Authorization: Bearer [redacted]");
}

TEST_CASE("what is given to a name that tells is a secret") {
  const Secrets none({});
  CHECK(none.redact("+    api_key = \"abcdef123\"") == "+    api_key = \"[redacted]\"");
  CHECK(none.redact("{\"password\": \"hunter22\"}") == "{\"password\": \"[redacted]\"}");
  CHECK(none.redact("export WANDB_API_KEY=0123456789") == "export WANDB_API_KEY=[redacted]");
  CHECK(none.redact("+  password: hunter22") == "+  password: [redacted]");
}

TEST_CASE("a password goes to the last @ of an address's user, and to the end of its quotes or its line") {
  const Secrets none({});
  CHECK(none.redact("x https://me:p@ssw0rd@host/x y@z") == "x https://[redacted]host/x y@z");
  CHECK(none.redact("password: two words here\nnext: 1") == "password: [redacted]\nnext: 1");
  CHECK(none.redact("  - db_password: it's \"mine\" alone") == "  - db_password: [redacted]");
  CHECK(none.redact("password = \"it's two\"") == "password = \"[redacted]\"");
  CHECK(none.redact("password = 'a \\' quote', x='abcdefg'") == "password = '[redacted]', x='abcdefg'");
  CHECK(none.redact("+    password: str = \"hunter22\",") == "+    password: str = \"[redacted]\",");
  CHECK(none.redact("DB_PASS=abcdef123 x") == "DB_PASS=[redacted] x");
  CHECK(none.redact("export PASS=\"two words\"") == "export PASS=\"[redacted]\"");
  CHECK(none.redact("{\"db_pass\": \"hunter22\", \"pass\": \"hunter33\"}") ==
        "{\"db_pass\": \"[redacted]\", \"pass\": \"[redacted]\"}");
  CHECK(none.redact("smtp_pass: hunter 22") == "smtp_pass: [redacted]");
  const std::map<std::string, std::string> variables = {{"DB_PASS", "opensesame"}, {"U", "a://me:p@ss:wd@h"}};
  CHECK(Secrets(variables).redact("opensesame p@ss:wd p@ss") == "[redacted] [redacted] p@ss");
}

TEST_CASE("a private key is a secret as a whole, also where its first or its last line is missing") {
  const Secrets none({});
  const std::string body = "MIIEvAIBADANBgkqhkiG9w0BAQEFAASC\n  Zm9v\n";
  const std::string begin = "-----BEGIN RSA PRIVATE KEY-----\n", end = "-----END RSA PRIVATE KEY-----";
  CHECK(none.redact("before\n  " + begin + body + end + "\nafter") == "before\n  [redacted]\nafter");
  CHECK(none.redact("before\n" + begin + body) == "before\n[redacted]");
  CHECK(none.redact("it is:\n" + body + end + "\nafter") == "it is:\n[redacted]\nafter");
  CHECK(none.redact(R"({"k": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"})") ==
        R"({"k": "[redacted]\n"})");
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n";
  CHECK(none.redact(certificate) == certificate);
}

TEST_CASE("a value without quotes is a secret in a file of settings, and a variable's name is none") {
  const Secrets none({});
  CHECK(none.redact("password=longsecret99") == "password=[redacted]");
  CHECK(none.redact("api_key=abcdef123456\nx=1") == "api_key=[redacted]\nx=1");
  CHECK(none.redact("user=me;db_token=a8f93bc02d7e4411;port=1") == "user=me;db_token=[redacted];port=1");
  CHECK(none.redact("passwd=longpassword") == "passwd=[redacted]");
  CHECK(none.redact("+password = longsecret99") == "+password = [redacted]");
  CHECK(none.redact("  access_key  = a1b2c3d4\n") == "  access_key  = [redacted]\n");
  for (const char* line : {"f(password=given, token=args.token)", "+password = password_of_user", "token=get_token()",
                           "+api_key = settings['key1']", "+secret = values[12]", "max_tokens=tokenizer2"})
    CHECK(none.redact(line) == line);
}

TEST_CASE("ordinary code is left as it is") {
  const Secrets none({});
  for (const char* line :
       {"+token = tokenizer(text)", "-max_tokens = 100000", "for key, value in items:", "lr=0.001",
        "author = 'somebody else'", "x = data[key]", "https://example.org/a/b@1.2", "sk-learn", "COMPASS=northwards",
        "compass: \"northwards\"", "bypass: true", "forward_pass = \"enabled\"", "encompass: everything here",
        "password: null,", "token: 1234567", "MAX_TOKENS=1000000", "--num-token 1000000",
        "+    password: Optional[str] = None,", "+    secret: str | None"})
    CHECK(none.redact(line) == line);
}

TEST_CASE("the value of a variable with a telling name is a secret, also as a part of something else") {
  const Secrets secrets({{"FAKE_API_TOKEN", "s3cr3t-value"},
                         {"COLOUR", "turquoise"},
                         {"MY_LOGIN", "somebody"},
                         {"SHORT_TOKEN", "on"},
                         {"DATABASE_URL", "postgres://me:opensesame@db/x"}},
                        {"MY_LOGIN"});
  CHECK(secrets.redact("x=s3cr3t-value;") == "x=[redacted];");
  CHECK(secrets.redact("turquoise on") == "turquoise on");
  CHECK(secrets.redact("login somebody") == "login [redacted]");
  CHECK(secrets.redact("the word is opensesame") == "the word is [redacted]");
  CHECK(secrets.redact_json({{"a", {"s3cr3t-value", 1}}, {"s3cr3t-value", nullptr}}) ==
        Json({{"a", {"[redacted]", 1}}, {"[redacted]", nullptr}}));
}

TEST_CASE("each line of a key that a variable holds is a secret") {
  const Secrets secrets(
      std::map<std::string, std::string>{{"DEPLOY_KEY", "-----BEGIN X-----\nMIIEvQIBADANBg\n-----END X-----"}});
  CHECK(secrets.in("+MIIEvQIBADANBg"));
}

TEST_CASE("the address of a remote is recorded without user, password and query") {
  const Secrets none({});
  CHECK(sweep::redacted_address("https://me:word@example.org/a.git?x=1", none) == "https://example.org/a.git");
  CHECK(sweep::redacted_address("https://ghp_0123456789abcdefABCD@example.org/a", none) == "https://example.org/a");
  CHECK(sweep::redacted_address("git@example.org:a/b.git", none) == "example.org:a/b.git");
  CHECK(sweep::redacted_address("https://me:p@ssw0rd@example.org/a@b", none) == "https://example.org/a@b");
  CHECK(sweep::redacted_address("../elsewhere", none) == "../elsewhere");
}
