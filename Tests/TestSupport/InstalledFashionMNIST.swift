import Foundation

/// Fashion-MNIST as `make setup` puts it on a machine.
///
/// Tests that need it run wherever set-up has not said that it could not have it: where the files are
/// missing for no known reason they fail, since a skipped test looks like one that passed.
public enum InstalledFashionMNIST {
  /// The checkout, in whose `.deps` set-up leaves things.
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let systemFolder = "/usr/share/datasets/fashion-mnist"
  static let fetchedFolder = root.path + "/.deps/data/fashion-mnist"
  /// `scripts/bootstrap` writes it, with the reason, and removes it once the data are there.
  static let reason = root.path + "/.deps/data/fashion-mnist.missing"

  /// What to say of a test that is skipped.
  public static let comment =
    "set-up could not have Fashion-MNIST: .deps/data/fashion-mnist.missing"

  /// For `.enabled(if:)`.
  public static let isExpected = isExpected(reason: reason, folders: [systemFolder, fetchedFolder])

  static func isExpected(reason: String, folders: [String]) -> Bool {
    !FileManager.default.fileExists(atPath: reason)
      || folders.contains {
        FileManager.default.fileExists(atPath: $0 + "/train-images-idx3-ubyte.gz")
      }
  }
}
