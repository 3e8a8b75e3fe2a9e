#include "core/io/byte_reader.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

namespace ql {

void ByteReader::damaged(const std::string& what) const {
  throw Error(ErrorCode::Format, m_where + ": " + m_kind + ", byte " + withThousands(m_position) + ": " +
                                     what + ": the file is damaged, make or download it again.");
}

void ByteReader::throwEnd(std::uint64_t size, std::string_view what) const {
  damaged(std::string(what) + " needs " + bytesText(size) + " where the file has " + bytesText(left()) +
          " left");
}

}  // namespace ql
