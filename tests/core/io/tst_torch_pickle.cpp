// Files of torch.save (made by torch 1.13, tests/data/imports/make_imports.py) and hand-made hostile pickles.
#include "core/base/error.h"
#include "core/io/torch_file.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/support/temp_folder.h"

#include <QTest>

#include <map>
#include <string>

using namespace ql;
using namespace ql::test;

namespace {

std::span<const std::byte> bytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string fileBytes(const char* name) {
  return contentOf(dataFile(std::string("imports/") + name));
}

const TorchFile::Tensor& named(const TorchFile& file, const std::string& name) {
  for (const auto& tensor : file.tensors())
    if (tensor.name == name) return tensor;
  throw Error(ErrorCode::Usage, "no tensor " + name);
}

/// A pickle of protocol 2 with this body.
std::string pickle(const std::string& body) {
  return "\x80\x02" + body + ".";
}
void refused(const std::string& body, const std::string& part) {
  const std::string bytes = pickle(body);
  QL_THROWS(readPickle(bytesOf(bytes), 0, "\"x.pt\""), part);
}

std::string text(const std::string& value) {
  return "X" + std::string{static_cast<char>(value.size()), '\0', '\0', '\0'} + value;
}
std::string number(std::int64_t value) {
  std::string bytes = "\x8a\x08";
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}
/// A float storage of 6 elements.
std::string storage(std::int64_t count = 6) {
  return "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + number(count) + "tQ";
}
std::string tuple(const std::vector<std::int64_t>& values) {
  std::string body = "(";
  for (const std::int64_t value : values) body += number(value);
  return body + "t";
}
std::string tensor(std::int64_t offset, const std::vector<std::int64_t>& shape,
                   const std::vector<std::int64_t>& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage() + number(offset) + tuple(shape) + tuple(strides) +
         "\x89)tR";
}

}  // namespace

class TstTorchPickle : public QObject {
  Q_OBJECT
 private slots:
  void viewsOfBothContainersAreRead() {
    for (const char* name : {"views.pt", "views_legacy.pt"}) {
      const auto file = TorchFile::open(MappedFile::open(dataFile(std::string("imports/") + name)));
      QCOMPARE(file->tensors().size(), std::size_t{10});
      const auto values = [&](const char* tensor) { return file->read(named(*file, tensor)); };
      const auto transposed = values("transposed");  // arange(24).reshape(4, 6).t()
      QCOMPARE(named(*file, "transposed").view.shape, (Shape{6, 4}));
      for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 4; ++j) QCOMPARE(transposed[i * 4 + j], static_cast<float>(j * 6 + i));
      QCOMPARE(values("slice"), (std::vector<float>{5, 6, 7, 8}));
      QCOMPARE(values("step"), (std::vector<float>{1, 4, 7, 10, 13, 16, 19, 22}));
      QCOMPARE(values("half"), (std::vector<float>{0, 0.25f, 0.5f}));
      QCOMPARE(values("bfloat"), (std::vector<float>{0, 0.5f, 1}));
      QCOMPARE(values("double"), (std::vector<float>{1.5f, -2.5f}));
      QCOMPARE(values("long"), (std::vector<float>{1, -2, 3}));
      QCOMPARE(values("bool"), (std::vector<float>{1, 0}));
      QCOMPARE(values("empty"), std::vector<float>{});
      QCOMPARE(values("scalar"), std::vector<float>{2});
    }
  }
  void nothingIsExecuted() {
    const std::string zip = fileBytes("hostile.pt"), plain = fileBytes("hostile.pkl");
    QL_THROWS(TorchFile::openBytes(bytesOf(zip), "\"hostile.pt\""), "posix system");
    QL_THROWS(TorchFile::openBytes(bytesOf(plain), "\"hostile.pkl\""), "nothing of such a file is executed");
  }
  void everyTruncationIsRefused() {
    for (const char* name : {"act_scales.pt", "act_scales_legacy.pt", "views_legacy.pt"}) {
      const std::string bytes = fileBytes(name);
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        const std::string cut = bytes.substr(0, size);
        QL_THROWS(TorchFile::openBytes(bytesOf(cut), "\"cut.pt\""), "cut.pt");
      }
    }
  }
  void changedBytesNeverReachOutside() {
    for (const char* name : {"views.pt", "views_legacy.pt"}) {
      const std::string bytes = fileBytes(name);
      for (std::size_t place = 0; place < bytes.size(); ++place) {
        for (const int mask : {0x01, 0x80, 0xff}) {
          std::string changed = bytes;
          changed[place] = static_cast<char>(changed[place] ^ mask);
          try {
            const auto file = TorchFile::openBytes(bytesOf(changed), "\"x.pt\"");
            for (const auto& tensor : file->tensors()) static_cast<void>(file->read(tensor));
          } catch (const Error&) {  // a refusal is as good; the sanitizers look for the rest
          }
        }
      }
    }
  }
  void instructionsOutsideTheListAreRefused() {
    for (int opcode = 0; opcode < 256; ++opcode) {
      const bool isKnown =
          std::string(".(0}])tRbaeusNJKMGXUhjqrQc").find(static_cast<char>(opcode)) != std::string::npos ||
          (opcode >= 0x80 && opcode <= 0x81) || (opcode >= 0x85 && opcode <= 0x8a) ||
          (opcode >= 0x8c && opcode <= 0x8c) || (opcode >= 0x8f && opcode <= 0x8f) ||
          (opcode >= 0x93 && opcode <= 0x95);
      if (isKnown) continue;
      refused(std::string(1, static_cast<char>(opcode)), "is not one that tensors need");
    }
    refused("N\x92", "byte 3: instruction 0x92");
  }
  void namesOutsideTheListAreRefused() {
    refused("cbuiltins\neval\n", "builtins eval");
    refused("ctorch\nload\n", "torch load");
    refused(text("os") + text("system") + "\x93", "os system");
    refused("ctorch\nFloatStorage\n)R", "torch FloatStorage");   // known, but nothing to call
    refused("ccollections\nOrderedDict\n)\x81", "OrderedDict");  // NEWOBJ is for parameters
    refused("c" + std::string(300, 'a') + "\n", "more than 256 bytes");
  }
  void unbalancedPicklesAreRefused() {
    refused("0", "stack is empty");
    refused("t", "mark is missing");
    refused("N(\x85", "stack is empty");  // a tuple does not reach across a mark
    refused("h\x05", "never set");
    refused("NNa", "a list was expected");
    refused("]NNs", "a dictionary was expected");
    refused("}(Nu", "no value");
    refused("X\xff\xff\xff\x7f", "is claimed");
    refused("\x95\xff\xff\xff\xff\xff\xff\xff\xff", "passes the end");
    QL_THROWS(readPickle(bytesOf("\x80\x09N."), 0, "x"), "protocol 9");
  }
  void tensorsStayInsideTheirStorage() {
    const std::string good = pickle(tensor(1, {2, 2}, {2, 1}));
    const PickleGraph graph = readPickle(bytesOf(good), 0, "x");
    QCOMPARE(graph.tensors.size(), std::size_t{1});
    QCOMPARE(graph.tensors[0].offset, std::uint64_t{1});
    constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
    refused(tensor(3, {2, 2}, {2, 1}), "reaches element 6");
    refused(tensor(0, {2, 2}, {kHuge, 1}), "reaches element");
    refused(tensor(0, {4, 2}, {kHuge, 1}), "beyond 64 bits");
    refused(tensor(0, {2, 2}, {-1, 1}), "negative");
    refused(tensor(0, {-2, 2}, {1, 1}), "negative");
    refused(tensor(0, {kHuge, kHuge}, {0, 0}), "beyond 64 bits");
    refused(tensor(0, {100}, {0}), "repeats");
    refused(tensor(-1, {2}, {1}), "zero or more");
    refused(tensor(0, {2}, {1, 1}), "do not fit");
    refused(tensor(0, std::vector<std::int64_t>(17, 1), std::vector<std::int64_t>(17, 1)), "do not fit");
  }
  void integersOfAllLengthsAreRead() {
    const std::string bytes =
        pickle(std::string("(\x8a\x00\x8a\x01\xff\x8a\x02\x00\x01K\xffM\xff\xffJ\xff\xff\xff\xfft", 21));
    const PickleGraph graph = readPickle(bytesOf(bytes), 0, "x");
    std::vector<std::int64_t> values;
    for (const PickleRef ref : graph.at(graph.root).items) values.push_back(graph.at(ref).integer);
    QCOMPARE(values, (std::vector<std::int64_t>{0, -1, 256, 255, 65535, -1}));
  }
  void loopsAreHarmless() {
    const std::string bytes =
        pickle(std::string("]q\x00h\x00"
                           "a",
                           6));  // a list that holds itself
    const PickleGraph graph = readPickle(bytesOf(bytes), 0, "x");
    QCOMPARE(graph.at(graph.root).items, std::vector<PickleRef>{graph.root});
  }
  void otherContentsAreRefused() {
    const std::string list = pickle("]"), noise = "hello";
    QL_THROWS(TorchFile::openBytes(bytesOf(list), "\"x.pt\""), "not one that torch.save wrote");
    QL_THROWS(TorchFile::openBytes(bytesOf(noise), "\"x.pt\""), "not a file of torch.save");
    const std::string npz = fileBytes("activations.npz");
    QL_THROWS(TorchFile::openBytes(bytesOf(npz), "\"x.pt\""), "without data.pkl");
  }
};

QTEST_APPLESS_MAIN(TstTorchPickle)
#include "tst_torch_pickle.moc"
