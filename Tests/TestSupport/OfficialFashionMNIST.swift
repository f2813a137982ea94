import Foundation

/// Zalando's four files as they are published: those that set-up fetched, or made from those of Debian's package
/// `dataset-fashion-mnist`.
///
/// Debian packed the same content with another gzip header, without name and date. The deflated data behind it
/// are the same, so the published bytes come back with the header that the publisher's had: which they are, their
/// published digests prove.
public enum OfficialFashionMNIST {
  /// File names with the seconds of 1970 in their headers.
  static let dates: [String: UInt32] = [
    "train-images-idx3-ubyte": 1_504_176_606, "train-labels-idx1-ubyte": 1_504_176_606,
    "t10k-images-idx3-ubyte": 1_504_176_627, "t10k-labels-idx1-ubyte": 1_504_176_627,
  ]

  /// By name with `.gz`; nil where there are neither.
  public static func files() -> [String: [UInt8]]? {
    fetched() ?? fromDebian()
  }

  private static func fetched() -> [String: [UInt8]]? {
    var files: [String: [UInt8]] = [:]
    for name in dates.keys {
      let path = "\(InstalledFashionMNIST.fetchedFolder)/\(name).gz"
      guard let content = FileManager.default.contents(atPath: path) else { return nil }
      files[name + ".gz"] = Array(content)
    }
    return files
  }

  private static func fromDebian() -> [String: [UInt8]]? {
    var files: [String: [UInt8]] = [:]
    for (name, date) in dates {
      let path = "\(InstalledFashionMNIST.systemFolder)/\(name).gz"
      guard let packed = FileManager.default.contents(atPath: path),
        packed.count > 10, packed[3] == 0
      else { return nil }
      let withName: UInt8 = 8
      let time = (0..<4).map { UInt8(truncatingIfNeeded: date >> (8 * $0)) }
      files[name + ".gz"] =
        [0x1f, 0x8b, 8, withName] + time + Array(packed[8..<10]) + Array(name.utf8) + [0]
        + Array(packed[10...])
    }
    return files
  }
}
