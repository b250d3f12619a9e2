#include "secrets/helper_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon::secrets {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HelperEnvironment, GivesWhatEveryProgramNeeds) {
  EXPECT_THAT(helper_environment({{"HOME", "/home/u"}, {"PATH", "/bin"}, {"LC_ALL", "C"}, {"GNUPGHOME", "/g"}}, "any"),
              ElementsAre("GNUPGHOME=/g", "HOME=/home/u", "LC_ALL=C", "PATH=/bin"));
}

TEST(HelperEnvironment, KeepsEverythingElseBack_L3) {
  EXPECT_THAT(helper_environment({{"STRIPE_KEY", "sk"},
                                  {"LD_PRELOAD", "/x.so"},
                                  {"LD_LIBRARY_PATH", "/x"},
                                  {"BASH_ENV", "/x"},
                                  {"PYTHONPATH", "/x"},
                                  {"NODE_OPTIONS", "-r x"},
                                  {"HOMEX", "x"},
                                  {"lc_all", "x"},
                                  {"NOTIFY_SOCKET", "/run/x"}},
                                 "pass"),
              IsEmpty());
}

TEST(HelperEnvironment, NeverGivesAProxyOrACertificateVariable_L3) {
  Environment environment;
  for (const char* name : {"HTTP_PROXY",          "HTTPS_PROXY",
                           "ALL_PROXY",           "NO_PROXY",
                           "http_proxy",          "https_proxy",
                           "all_proxy",           "no_proxy",
                           "SSL_CERT_FILE",       "SSL_CERT_DIR",
                           "CURL_CA_BUNDLE",      "REQUESTS_CA_BUNDLE",
                           "AWS_CA_BUNDLE",       "NODE_EXTRA_CA_CERTS",
                           "GIT_SSL_CAINFO",      "VAULT_CACERT",
                           "VAULT_CAPATH",        "VAULT_HTTP_PROXY",
                           "VAULT_PROXY_ADDR",    "OP_HTTP_PROXY",
                           "PASSWORD_STORE_CERT", "LC_PROXY",
                           "NODE_USE_ENV_PROXY",  "CLOUDSDK_PROXY_ADDRESS"}) {
    environment[name] = "x";
  }
  for (const char* program : {"", "op", "pass", "vault", "bao", "aws", "gcloud", "bw", "sops", "ssh", "curl"}) {
    EXPECT_THAT(helper_environment(environment, program), IsEmpty()) << program;
  }
}

TEST(HelperEnvironment, GivesACredentialToItsOwnProgramOnly_L3) {
  const Environment environment = {{"OP_SERVICE_ACCOUNT_TOKEN", "t"}, {"VAULT_TOKEN", "t"}, {"VAULT_ADDR", "a"}};
  EXPECT_THAT(helper_environment(environment, "op"), ElementsAre("OP_SERVICE_ACCOUNT_TOKEN=t"));
  EXPECT_THAT(helper_environment(environment, "vault"), ElementsAre("VAULT_ADDR=a", "VAULT_TOKEN=t"));
  EXPECT_THAT(helper_environment(environment, "pass"), IsEmpty());
}

TEST(HelperEnvironment, KeepsValuesAsTheyAre) {
  EXPECT_THAT(helper_environment({{"HOME", "a=b c\n"}, {"LANG", ""}}, ""), ElementsAre("HOME=a=b c\n", "LANG="));
}

}  // namespace
}  // namespace cordon::secrets
