// The login keychain. Only the calls: what their answers mean is in keychain_status.cpp, their deadlines in
// keyring_bounded.cpp.
//
// Copies of a value that are out of our reach: CFData that the system returns is freed without being wiped.
#include <CoreFoundation/CoreFoundation.h>
#include <Security/Security.h>

#include <string>

#include "secrets/keychain_status.hpp"
#include "secrets/keyring.hpp"
#include "secrets/keyring_bounded.hpp"

namespace cordon::secrets {
namespace {

static_assert(kSecSuccess == errSecSuccess && kSecUserCanceled == errSecUserCanceled &&
              kSecNotAvailable == errSecNotAvailable && kSecReadOnly == errSecReadOnly &&
              kSecAuthFailed == errSecAuthFailed && kSecNoSuchKeychain == errSecNoSuchKeychain &&
              kSecDuplicateItem == errSecDuplicateItem && kSecItemNotFound == errSecItemNotFound &&
              kSecNoDefaultKeychain == errSecNoDefaultKeychain &&
              kSecInteractionNotAllowed == errSecInteractionNotAllowed &&
              kSecInteractionRequired == errSecInteractionRequired);

struct Release {
  void operator()(const void* object) const noexcept { CFRelease(object); }
};
template <class T>
using Owned = std::unique_ptr<std::remove_pointer_t<T>, Release>;
using Dictionary = Owned<CFMutableDictionaryRef>;

Dictionary make_dictionary() {
  return Dictionary(
      CFDictionaryCreateMutable(nullptr, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks));
}

/// @returns whether `text` is UTF-8
bool add_text(const Dictionary& to, CFStringRef key, const std::string& text) {
  const Owned<CFStringRef> value(CFStringCreateWithBytes(nullptr, reinterpret_cast<const UInt8*>(text.data()),
                                                         static_cast<CFIndex>(text.size()), kCFStringEncodingUTF8,
                                                         false));
  if (value) CFDictionarySetValue(to.get(), key, value.get());
  return value != nullptr;
}

Dictionary entry_of(const KeyringRef& ref) {
  Dictionary query = make_dictionary();
  CFDictionarySetValue(query.get(), kSecClass, kSecClassGenericPassword);
  if (!add_text(query, kSecAttrService, ref.service) || !add_text(query, kSecAttrAccount, ref.account)) return nullptr;
  return query;
}

/// The secret's own bytes, which must outlive it: no copy is made.
void add_value(const Dictionary& to, const Secret& value) {
  const Owned<CFDataRef> data(CFDataCreateWithBytesNoCopy(nullptr,
                                                          reinterpret_cast<const UInt8*>(value.reveal().data()),
                                                          static_cast<CFIndex>(value.size()), kCFAllocatorNull));
  CFDictionarySetValue(to.get(), kSecValueData, data.get());
}

class Keychain final : public Keyring {
 public:
  Outcome<Secret> look_up(const KeyringRef& ref, Deadline /*deadline*/) const override {
    const Dictionary query = entry_of(ref);
    if (!query) return std::unexpected(KeyringFault::bad_name);
    CFDictionarySetValue(query.get(), kSecReturnData, kCFBooleanTrue);
    CFDictionarySetValue(query.get(), kSecMatchLimit, kSecMatchLimitOne);
    CFTypeRef found = nullptr;
    const auto outcome = keychain_outcome(SecItemCopyMatching(query.get(), &found));
    if (!outcome) return std::unexpected(outcome.error());
    const Owned<CFDataRef> data(static_cast<CFDataRef>(found));
    if (!data) return Secret();
    return Secret({reinterpret_cast<const char*>(CFDataGetBytePtr(data.get())),
                   static_cast<std::size_t>(CFDataGetLength(data.get()))});
  }

  Outcome<> store(const KeyringRef& ref, const Secret& value, Deadline /*deadline*/) const override {
    const Dictionary query = entry_of(ref);
    if (!query) return std::unexpected(KeyringFault::bad_name);
    const Dictionary change = make_dictionary();
    add_value(change, value);
    const OSStatus updated = SecItemUpdate(query.get(), change.get());
    if (updated != errSecItemNotFound) return keychain_outcome(updated);
    add_value(query, value);
    return keychain_outcome(SecItemAdd(query.get(), nullptr));
  }

  Outcome<> remove(const KeyringRef& ref, Deadline /*deadline*/) const override {
    const Dictionary query = entry_of(ref);
    if (!query) return std::unexpected(KeyringFault::bad_name);
    return keychain_outcome(SecItemDelete(query.get()));
  }
};

}  // namespace

std::unique_ptr<Keyring> system_keyring() {
  return with_deadlines(std::make_unique<Keychain>());
}

}  // namespace cordon::secrets
