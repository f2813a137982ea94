/// A file that `torch.save` wrote (`.pth`, `.pt`, `.pth.tar`), read as tensors only.
///
/// The file is a zip archive: `data.pkl`, a pickle that says how tensors are built, and a record of bytes
/// for each storage. Python runs what a pickle asks for. Here a small machine knows the few names that
/// tensors, numbers and their collections need; any other is an error that names it, and nothing is ever
/// run. Opening reads the description alone: the numbers of one ``StateDict`` are read when it is asked for.
///
/// Source: `torch/serialization.py` and `torch/_utils.py` of PyTorch 2.11.
public struct PyTorchArchive: Sendable {
  /// A dictionary of tensors by name, as `Module.state_dict()` gives it.
  public struct StateDict: Sendable {
    /// Where it is in the file: `net`, or `ema.model`; empty when it is all of the file.
    public let key: String
    public let names: [String]
    let views: [PyTorchArchivePickle.View]
    /// Not below a number or an optimiser's key: what a person means by weights.
    let isCandidate: Bool
  }

  public let path: String
  /// Every dictionary that holds tensors directly, in the file's order.
  public let stateDicts: [StateDict]
  /// Numbers, truth values and texts beside the tensors, by their keys: `epoch`, `max_val_acc`.
  public let scalars: [String: String]

  let records: PyTorchArchiveZip
  let folder: String
  let isBigEndian: Bool

  /// The longest `data.pkl` that is read, in bytes: a description of some hundred thousand tensors.
  static let longestPickle = 64 << 20

  /// Opens a file and reads its description.
  ///
  /// - Throws: ``PyTorchArchiveError`` when the file is not of this form, is damaged, or asks for something
  ///   to be run.
  public init(contentsOf path: String) throws(PyTorchArchiveError) {
    self.path = path
    do throws(Failure) {
      let file = try PyTorchArchiveFile(path)
      try Self.checkFormat(file)
      records = try PyTorchArchiveZip(file)
      folder = try Self.folder(of: records)
      isBigEndian = try Self.isBigEndian(records, folder)
      let description = try records.content(
        of: records.entries[folder + "data.pkl"]!, limit: Self.longestPickle)
      let content = try PyTorchArchiveContent(PyTorchArchivePickle(description))
      stateDicts = content.stateDicts
      scalars = content.scalars
    } catch { throw PyTorchArchiveError(path: path, error) }
  }

  /// Whether a file's first bytes are those of any form that `torch.save` has written.
  public static func recognizes(_ path: String) -> Bool {
    guard let file = try? PyTorchArchiveFile(path), file.count >= 9,
      let start = try? file.bytes(0..<min(file.count, 512))
    else { return false }
    // A safetensors header of 640 bytes and a pickle of protocol 2 begin alike.
    return Form(start) != nil && start[8] != UInt8(ascii: "{")
  }

  private enum Form {
    case zip, pickle, tar

    init?(_ start: [UInt8]) {
      if start.starts(with: [0x50, 0x4b]) {
        self = .zip
      } else if start.count >= 2, start[0] == 0x80, (2...5).contains(start[1]) {
        self = .pickle
      } else if start.dropFirst(257).starts(with: "ustar".utf8) {
        self = .tar
      } else {
        return nil
      }
    }
  }

  private static func checkFormat(_ file: PyTorchArchiveFile) throws(Failure) {
    let form = Form(try file.bytes(0..<min(file.count, 512)))
    guard form != .zip else { return }
    guard form != nil else {
      throw Failure(
        .otherFormat, "file", expected: "a zip archive of torch.save", found: "another format",
        remedy: "check that this is the file you mean, and that it is whole")
    }
    throw Failure(
      .otherFormat, "file", expected: "a zip archive, which torch.save writes since PyTorch 1.6",
      found: form == .tar ? "an older tar archive" : "an older file of pickles",
      remedy: "save it again with a current torch: "
        + Failure.python("torch.load('old.pth', map_location='cpu', weights_only=True)"))
  }

  /// All records stand in one folder, named after the file or `archive`.
  private static func folder(of zip: PyTorchArchiveZip) throws(Failure) -> String {
    let folders = zip.entries.keys.filter { name in
      name.hasSuffix("/data.pkl") && name.count { $0 == "/" } == 1
    }.map { String($0.dropLast("data.pkl".count)) }
    guard folders.count == 1 else {
      throw Failure(
        .otherFormat, "file", expected: "one record NAME/data.pkl", found: "\(folders.count)",
        remedy: "check that torch.save wrote this file")
    }
    guard zip.entries[folders[0] + "constants.pkl"] == nil else {
      throw Failure(
        .otherFormat, "file", expected: "tensors", found: "a TorchScript program",
        remedy: "save its tensors alone: "
          + Failure.python("torch.jit.load('old.pt', map_location='cpu').state_dict()"))
    }
    return folders[0]
  }

  private static func isBigEndian(_ zip: PyTorchArchiveZip, _ folder: String) throws(Failure)
    -> Bool
  {
    // Files from before PyTorch 2.1 do not say; they were little-endian on every machine in use.
    guard let entry = zip.entries[folder + "byteorder"] else { return false }
    switch String(decoding: try zip.content(of: entry, limit: 16), as: UTF8.self) {
    case "little": return false
    case "big": return true
    case let other:
      throw Failure(
        .damaged, "record 'byteorder'", expected: "little or big", found: other.escaped)
    }
  }
}
