#pragma once
// Temporary folders for tests that write many small files durably: in memory where there is such a place,
// because a disk makes every fsync wait.
#include <QDir>
#include <QFileInfo>
#include <QString>

namespace ql::test {

/// For QTemporaryDir's constructor.
inline QString fastFolderTemplate() {
  const QString memory = QStringLiteral("/dev/shm");
  return (QFileInfo(memory).isWritable() ? memory : QDir::tempPath()) + QStringLiteral("/quantloupe-XXXXXX");
}

}  // namespace ql::test
