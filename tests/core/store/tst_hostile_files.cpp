// Statistics files made by somebody else with bad intent: each is refused with one sentence, none reaches
// outside.
#include "core/base/error.h"
#include "core/store/statistics_file.h"
#include "tests/support/compare.h"
#include "tests/support/fast_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <fstream>
#include <functional>

#include <hdf5.h>

using namespace ql;
namespace fs = std::filesystem;

namespace {

void addText(hid_t object, const char* name, const char* text) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, std::char_traits<char>::length(text));
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, text);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

void addNumber(hid_t object, const char* name, std::int64_t value) {
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attribute = H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, H5T_NATIVE_INT64, &value);
  H5Aclose(attribute);
  H5Sclose(space);
}

hid_t makeGroup(hid_t parent, const std::string& name) {
  return H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

/// A well-formed statistics file but for what `harm` adds to the group /layers/x.
void makeFile(const fs::path& path, const std::function<void(hid_t)>& harm, std::int64_t version = 1) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  addText(file, "format", "quantloupe-statistics");
  addNumber(file, "version", version);
  addText(file, "model", "m");
  addText(file, "fingerprint", "f");
  addText(file, "tool_version", "0.1.0");
  const hid_t layers = makeGroup(file, "layers"), x = makeGroup(layers, "x");
  harm(x);
  H5Gclose(x);
  H5Gclose(layers);
  H5Fclose(file);
}

void addDataSet(hid_t group, hid_t type, hid_t creation, hsize_t size) {
  const hid_t space = H5Screate_simple(1, &size, nullptr);
  H5Dclose(H5Dcreate2(group, "data", type, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  H5Sclose(space);
}

}  // namespace

class TestHostileFiles : public QObject {
  Q_OBJECT

  QTemporaryDir m_folder{test::fastFolderTemplate()};
  fs::path m_path;

 private slots:
  void initTestCase() { m_path = fs::path(m_folder.path().toStdString()) / "S.h5"; }
  void plainFileIsAccepted();
  void foreignHdf5IsRefused();
  void newerVersionIsRefused();
  void linksOutOfTheFileAreRefused();
  void filtersAreRefused();
  void otherFilesAsDataAreRefused();
  void virtualDataSetsAreRefused();
  void unwrittenDataIsRefused();
  void absurdSizesAreRefused();
  void foreignTypesAreRefused();
  void deepNestingIsRefused();
  void loopsOfHardLinksAreRefused();
};

void TestHostileFiles::plainFileIsAccepted() {
  makeFile(m_path, [](hid_t x) { addNumber(x, "n", 3); });
  QCOMPARE(intAttribute(StatisticsFile::open(m_path)->read("layers", "x"), "n"), std::int64_t{3});
}

void TestHostileFiles::foreignHdf5IsRefused() {
  const hid_t file = H5Fcreate(m_path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  QL_THROWS(StatisticsFile::open(m_path), "does not hold statistics of QuantLoupe");
}

void TestHostileFiles::newerVersionIsRefused() {
  makeFile(
      m_path, [](hid_t) {}, 2);
  QL_THROWS(StatisticsFile::open(m_path), "newer QuantLoupe (version 2");
}

void TestHostileFiles::linksOutOfTheFileAreRefused() {
  makeFile(m_path,
           [](hid_t x) { H5Lcreate_external("/etc/passwd", "/", x, "out", H5P_DEFAULT, H5P_DEFAULT); });
  QL_THROWS(StatisticsFile::open(m_path), "\"out\" points out of the file");
  makeFile(m_path, [](hid_t x) { H5Lcreate_soft("/layers", x, "soft", H5P_DEFAULT, H5P_DEFAULT); });
  QL_THROWS(StatisticsFile::open(m_path), "\"soft\" points out of the file");
}

void TestHostileFiles::filtersAreRefused() {
  makeFile(m_path, [](hid_t x) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk = 16;
    H5Pset_chunk(creation, 1, &chunk);
    H5Pset_shuffle(creation);
    addDataSet(x, H5T_IEEE_F32LE, creation, 64);
    H5Pclose(creation);
  });
  QL_THROWS(StatisticsFile::open(m_path), "never writes");
}

void TestHostileFiles::otherFilesAsDataAreRefused() {
  makeFile(m_path, [](hid_t x) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, 64);
    addDataSet(x, H5T_STD_U16LE, creation, 32);
    H5Pclose(creation);
  });
  QL_THROWS(StatisticsFile::open(m_path), "other files");
}

void TestHostileFiles::virtualDataSetsAreRefused() {
  makeFile(m_path, [](hid_t x) {
    const hsize_t size = 32;
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &size, nullptr);
    H5Pset_virtual(creation, space, "/etc/passwd", "data", space);
    addDataSet(x, H5T_STD_U16LE, creation, size);
    H5Sclose(space);
    H5Pclose(creation);
  });
  QL_THROWS(StatisticsFile::open(m_path), "never writes");
}

void TestHostileFiles::unwrittenDataIsRefused() {
  makeFile(m_path, [](hid_t x) { addDataSet(x, H5T_IEEE_F32LE, H5P_DEFAULT, 8); });
  QL_THROWS(StatisticsFile::open(m_path), "outside the file");
}

void TestHostileFiles::absurdSizesAreRefused() {
  makeFile(m_path, [](hid_t x) { addDataSet(x, H5T_IEEE_F64LE, H5P_DEFAULT, hsize_t{1} << 50); });
  QL_THROWS(StatisticsFile::open(m_path), "more data than fits");
}

void TestHostileFiles::foreignTypesAreRefused() {
  for (const hid_t type : {H5T_IEEE_F32BE, H5T_STD_I8LE, H5T_STD_REF_OBJ})
    makeFile(m_path, [type](hid_t x) { addDataSet(x, type, H5P_DEFAULT, 8); });
  QL_THROWS(StatisticsFile::open(m_path), "never writes");
  makeFile(m_path, [](hid_t x) {
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    H5Aclose(H5Acreate2(x, "text", type, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Tclose(type);
  });
  QL_THROWS(StatisticsFile::open(m_path), "absurd length");
}

void TestHostileFiles::deepNestingIsRefused() {
  makeFile(m_path, [](hid_t x) {
    std::string path = "a";
    for (int i = 0; i < 40; ++i, path += "/a") H5Gclose(makeGroup(x, path));
  });
  QL_THROWS(StatisticsFile::open(m_path), "nested too deeply");
}

void TestHostileFiles::loopsOfHardLinksAreRefused() {
  makeFile(m_path, [](hid_t x) {
    for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"})
      H5Lcreate_hard(x, ".", x, name, H5P_DEFAULT, H5P_DEFAULT);
  });
  QL_THROWS(StatisticsFile::open(m_path), "S.h5");
}

QTEST_APPLESS_MAIN(TestHostileFiles)
#include "tst_hostile_files.moc"
