#include "integrations/tool.hpp"

namespace cordon::cli {
namespace {

// The form is that of agentskills.io: a name that is its folder's, a description that says when to read on, then advice.
constexpr std::string_view kSkill = R"(---
name: cordon
description: How to work behind Cordon, the local proxy that puts real credentials into requests. Read this when a request
  needs an API key or a token, when a key is missing or says "dummy-replaced-by-cordon", or when a request is refused with
  a word such as token_required, secret_unavailable, destination_denied or misdirected.
---

# Cordon

Requests from here go through Cordon, a proxy on this computer. For the hosts that its owner has listed it takes away whatever
credential a request has and puts the real one in. You never see that credential, and never need it.

## Do

- Send requests to the real address over HTTPS. The proxy and its certificate come from the environment (`HTTPS_PROXY`,
  `SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS`); leave those variables as they are.
- Where a program insists on a key, give it `dummy-replaced-by-cordon`.
- See which hosts have a credential: `cordon route list`. See whether a request would get one: `cordon route explain URL`.
- See whether the proxy runs: `cordon status`. Find out what is wrong: `cordon doctor`.

## Don't

- Don't ask anybody for a key, a token or a password, and don't look for one in files, environments or key stores.
- Don't go around the proxy, switch off certificate checks, or write the proxy's address into a file: it has a token in it.
- Don't change cordon.toml, approve bindings or start the proxy unless you were asked to. Say what is needed instead: a route
  for a host, or `cordon start`.

## What refusals mean

The word is in the answer's reason phrase, in its JSON body and in its `Proxy-Status` field.

| word | meaning | what to do |
|---|---|---|
| (connection refused) | the proxy does not run | ask for `cordon start` |
| `token_required`, `token_invalid` | the proxy's address lacks its token, or has an old one | start anew with the current environment |
| `token_scope` | this program may not use that route | say which host you need |
| `secret_unavailable` | the store did not give the credential | say so: the owner has to unlock the store |
| `binding_unapproved` | the owner has not agreed to this host yet | say so: `cordon approve` is the owner's |
| `destination_denied` | an address of this computer or a private network | such hosts belong into NO_PROXY; say which |
| `misdirected` | the request names another host than its connection | use one connection for one host |
| 401 or 403 from the host itself | there is no route for the host, or its credential is refused there | `cordon route explain URL` |
)";

}  // namespace

PlannedFile skill_file(const std::filesystem::path& path, const std::filesystem::path& within) {
  return {path, nullptr, {}, std::string(kSkill), within};
}

}  // namespace cordon::cli
