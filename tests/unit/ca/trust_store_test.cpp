#include "ca/trust_store.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/ca/ca_fixture.hpp"

namespace cordon::ca {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

/// A system's root folder with what one layout needs. Its update program makes the bundle of the folder's files that count.
struct FixtureRoot {
  explicit FixtureRoot(const TrustLayout& its_layout) : layout(its_layout) {
    fs::create_directories(anchors());
    fs::create_directories(bundle().parent_path());
    fs::create_directories(program().parent_path());
    write_program("#!/bin/sh\ncat '" + anchors().native() + "/'*" + std::string(layout.suffix) + " > '" +
                  bundle().native() + "' 2>/dev/null\nexit 0\n");
  }
  void write_program(const std::string& text) const {
    folder.write(program().lexically_relative(folder.path()).native(), text, 0755);
  }
  fs::path at(std::string_view place) const { return folder.path() / place.substr(1); }
  fs::path anchors() const { return at(layout.anchors); }
  fs::path program() const { return at(layout.program); }
  fs::path bundle() const { return at(layout.bundle); }
  SystemTrust find(std::string_view name = "a-12345678") const { return *SystemTrust::find(name, folder.path()); }

  const TrustLayout& layout;
  test::TempDir folder;
};

void run_all(const std::vector<SystemCommand>& commands) {
  for (const SystemCommand& command : commands) {
    const auto done = run_system_command(command);
    EXPECT_TRUE(done) << to_string(command) << ": " << done.error().context;
  }
}

/// A CA's certificate in a file.
struct OwnCa {
  OwnCa() : pem(place.open()->certificate_pem()) {}
  const fs::path& file() const { return place.paths.cert; }
  test::CaFolder place;
  std::string pem;
};

#ifndef __APPLE__

TEST(SystemTrust, WorksInEveryLayout) {
  const OwnCa own;
  for (const TrustLayout& layout : trust_layouts()) {
    SCOPED_TRACE(layout.system);
    const FixtureRoot root(layout);
    const SystemTrust trust = root.find();
    EXPECT_EQ(trust.system(), layout.system);
    EXPECT_EQ(trust.anchor(), root.anchors() / ("cordon-a-12345678" + std::string(layout.suffix)));
    EXPECT_EQ(*trust.state(own.pem), SystemTrustState::absent);
    run_all(trust.plan_trust(own.file()));
    EXPECT_EQ(*trust.state(own.pem), SystemTrustState::trusted);
    EXPECT_EQ(test::file_content(trust.anchor()), own.pem);
    EXPECT_EQ(fs::status(trust.anchor()).permissions(), fs::perms(0644));
    run_all(trust.plan_trust(own.file()));  // again does no harm
    run_all(trust.plan_untrust(own.file()));
    EXPECT_EQ(*trust.state(own.pem), SystemTrustState::absent);
    EXPECT_FALSE(fs::exists(trust.anchor()));
    run_all(trust.plan_untrust(own.file()));
  }
}

TEST(SystemTrust, KeepsInstancesApart) {
  const OwnCa first, second;
  const FixtureRoot root(trust_layouts().back());
  run_all(root.find("a-11111111").plan_trust(first.file()));
  run_all(root.find("b-22222222").plan_trust(second.file()));
  run_all(root.find("a-11111111").plan_untrust(first.file()));
  EXPECT_EQ(*root.find("a-11111111").state(first.pem), SystemTrustState::absent);
  EXPECT_EQ(*root.find("b-22222222").state(second.pem), SystemTrustState::trusted);
}

TEST(SystemTrust, TellsAnOlderCaOfTheSameName) {
  OwnCa own;
  const FixtureRoot root(trust_layouts().back());
  run_all(root.find().plan_trust(own.file()));
  const auto rotated = CaManager::rotate(own.place.paths);
  EXPECT_EQ(*root.find().state(rotated->certificate_pem()), SystemTrustState::other);
  run_all(root.find().plan_trust(own.file()));
  EXPECT_EQ(*root.find().state(rotated->certificate_pem()), SystemTrustState::trusted);
  EXPECT_EQ(*root.find().state(own.pem), SystemTrustState::other);
}

TEST(SystemTrust, IsChosenByFolderAndProgram) {
  for (const TrustLayout& layout : trust_layouts()) {
    const FixtureRoot root(layout);
    fs::remove(root.program());
    const auto without_program = SystemTrust::find("a", root.folder.path());
    ASSERT_FALSE(without_program);
    EXPECT_EQ(without_program.error().code, Errc::not_supported);
    EXPECT_THAT(without_program.error().context, HasSubstr("/usr/local/share/ca-certificates"));
    root.write_program("#!/bin/sh\n");
    fs::remove_all(root.anchors());
    EXPECT_FALSE(SystemTrust::find("a", root.folder.path()));
  }
}

TEST(SystemTrust, ReplacesALinkAtItsPlaceWithoutFollowingIt) {  // L7
  const OwnCa own;
  const FixtureRoot root(trust_layouts().back());
  const auto precious = root.folder.write("precious", "keep me");
  fs::create_symlink(precious, root.find().anchor());
  run_all(root.find().plan_trust(own.file()));
  EXPECT_EQ(test::file_content(precious), "keep me");
  EXPECT_EQ(test::file_content(root.find().anchor()), own.pem);
}

TEST(SystemTrust, NamesFilesPlainly) {
  const FixtureRoot root(trust_layouts().back());
  EXPECT_EQ(root.find("../a b;$(x)\n").anchor().filename(), "cordon-.._a_b___x__.crt");
}

#endif

TEST(SystemCommand, TellsWhyItFailed) {
  const test::TempDir folder;
  const auto program = folder.write("update", "#!/bin/sh\necho first >&2\necho 'the disk is full' >&2\nexit 3\n", 0755);
  const auto done = run_system_command({program.native()});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().context, HasSubstr(program.native() + " failed: the disk is full"));
  EXPECT_FALSE(run_system_command({(folder / "nothing").native()}));
}

TEST(SystemCommand, GetsNothingOfTheEnvironment) {
  const test::TempDir folder;
  ::setenv("SSL_CERT_FILE", "/mine", 1);
  const auto program = folder.write("update", "#!/bin/sh\ntest -z \"$SSL_CERT_FILE\"\n", 0755);
  EXPECT_TRUE(run_system_command({program.native()}));
  ::unsetenv("SSL_CERT_FILE");
}

TEST(SystemCommand, ReadsAsAShellWouldReadIt) {
  EXPECT_EQ(to_string(SystemCommand{"/usr/bin/rm", "-f", "/a b/it's"}), R"(/usr/bin/rm -f '/a b/it'\''s')");
}

// security(1): -d the settings of all users, -r trustRoot a root that is trusted, -k where the certificate is kept.
TEST(SecurityCommands, AreThoseOfTheManual) {
  EXPECT_THAT(security_trust("/x/ca-cert.pem"),
              ElementsAre(ElementsAre("/usr/bin/security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k",
                                      "/Library/Keychains/System.keychain", "/x/ca-cert.pem")));
  EXPECT_THAT(security_untrust("/x/ca-cert.pem"),
              ElementsAre(ElementsAre("/usr/bin/security", "remove-trusted-cert", "-d", "/x/ca-cert.pem")));
  EXPECT_THAT(security_verify("/x/ca-cert.pem"),
              ElementsAre("/usr/bin/security", "verify-cert", "-L", "-l", "-c", "/x/ca-cert.pem"));
}

}  // namespace
}  // namespace cordon::ca
