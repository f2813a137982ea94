import Foundation
import TestSupport
import Testing
import Torch

/// Pickles that want to run or build something, and what is no archive at all.
@Suite struct PyTorchArchiveRefusalTests {
  typealias P = PickleContent

  /// The error of opening a file and reading its tensors, or nil.
  static func error(_ path: String) throws -> PyTorchArchiveError? {
    do throws(PyTorchArchiveError) {
      let archive = try PyTorchArchive(contentsOf: path)
      for dictionary in archive.stateDicts { _ = try archive.tensors(of: dictionary) }
      return nil
    } catch {
      #expect(error.path == path && error.description.hasPrefix(path + ": "))
      return error
    }
  }

  static func error(bytes: [UInt8]) throws -> PyTorchArchiveError? {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.pth"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return try error(path)
    }
  }

  static func error(
    pickle: [UInt8], storage: [UInt8] = [UInt8](repeating: 0, count: 16)
  ) throws -> PyTorchArchiveError? {
    try error(bytes: ZipContent(pickle: pickle, storages: ["0": storage]).bytes)
  }

  @Test func `a pickle put together by hand is read`() throws {
    #expect(try Self.error(pickle: P.pickle(P.dictionary(P.tensor()))) == nil)
  }

  static let files: [(String, PyTorchArchiveError.Kind, String)] = [
    ("evil-system.pth", .refused, "the name posix.system"),
    ("evil-eval.pth", .refused, "the name builtins.eval"),
    ("whole-module.pth", .refused, "the name torch.nn.modules.linear.Linear"),
    ("unsigned.pth", .unsupported, "torch.uint16"),
    ("one-tensor.pth", .content, "a single tensor"),
    ("legacy.pth", .otherFormat, "an older file of pickles"),
  ]

  @Test(arguments: files)
  func `a file that is more than tensors is an error that names it`(
    _ name: String, _ kind: PyTorchArchiveError.Kind, _ found: String
  ) throws {
    let error = try #require(try Self.error(PyTorchArchiveTests.path(name)))
    #expect(error.kind == kind && error.found == found)
  }

  @Test func `remedies are one line of Python`() throws {
    let refused = try #require(try Self.error(PyTorchArchiveTests.path("evil-system.pth")))
    #expect(
      refused.description.hasSuffix(
        """
        pickle: expected tensors, numbers, texts and collections of them, found the name \
        posix.system; nothing was run; if you trust the file, load it in Python and save its \
        state_dict alone: python -c "import torch; torch.save(torch.load('old.pth', \
        weights_only=False)['net'], 'new.pth')"
        """))
    let legacy = try #require(try Self.error(PyTorchArchiveTests.path("legacy.pth")))
    #expect(
      legacy.description.hasSuffix(
        """
        file: expected a zip archive, which torch.save writes since PyTorch 1.6, found an older \
        file of pickles; save it again with a current torch: python -c "import torch; \
        torch.save(torch.load('old.pth', map_location='cpu', weights_only=True), 'new.pth')"
        """))
  }

  struct Code: Sendable {
    let part: [UInt8]
    let found: String
    init(_ found: String, _ parts: [UInt8]...) {
      part = parts.flatMap(\.self)
      self.found = found
    }
  }

  /// Everything that CPython's unpickler would call, build or import for.
  static let code: [Code] = names + objects + arguments

  private static let orderedDict = P.global("collections", "OrderedDict")

  private static let names: [Code] = [
    Code("the name os.system", P.global("os", "system"), P.tuple(P.text("true")), P.op("R")),
    Code(
      "the name os.system", P.text("os"), P.text("system"), P.bytes(0x93), P.tuple(P.text("true")),
      P.op("R")),
    // Named and never called.
    Code("the name builtins.exec", P.global("builtins", "exec")),
    Code("the name torch.load", P.global("torch", "load")),
    Code("the name torch.serialization.load", P.global("torch.serialization", "load")),
    Code("the name torch._C._jit_set_profiling", P.global("torch", "_C._jit_set_profiling")),
    Code(
      "the name torch._utils._rebuild_tensor_v2.__globals__",
      P.global("torch._utils", "_rebuild_tensor_v2.__globals__")),
    Code("the name collections.OrderedDict\\t", P.global("collections", "OrderedDict\t")),
    Code("the name \\u{1B}[2J.x", P.global("\u{1b}[2J", "x")),
  ]

  private static let objects: [Code] = [
    Code("an instance of os.system", P.op("(ios\nsystem\n")),
    Code("opcode OBJ at byte 16, which builds an object", P.op("("), P.text("x"), P.op("o")),
    Code(
      "opcode NEWOBJ at byte 35, which builds an object", orderedDict, P.op(")"), P.bytes(0x81)),
    Code(
      "opcode NEWOBJ_EX at byte 36, which builds an object", orderedDict, P.op(")}"),
      P.bytes(0x92)),
    Code("opcode EXT1 at byte 9, which builds an object", P.bytes(0x82, 1)),
    Code("opcode EXT2 at byte 9, which builds an object", P.bytes(0x83, 1, 0)),
    Code("opcode EXT4 at byte 9, which builds an object", P.bytes(0x84, 1, 0, 0, 0)),
    Code("opcode PERSID at byte 9, which builds an object", P.op("Pos\n")),
    Code("opcode NEXT_BUFFER at byte 9, which builds an object", P.bytes(0x97)),
    // State is for an OrderedDict only, and never more than attributes.
    Code(
      "opcode BUILD at byte 22, which sets an object's state", P.global("torch", "Size"),
      P.op("}b")),
    Code("opcode BUILD at byte 11, which sets an object's state", P.op("}}b")),
    Code("opcode BUILD at byte 37, which sets an object's state", orderedDict, P.op(")R)b")),
  ]

  /// What is on the list, with other arguments.
  private static let arguments: [Code] = [
    Code(
      "a call of collections.OrderedDict with arguments of unknown form", orderedDict,
      P.tuple(P.op("]")), P.op("R")),
    Code(
      "a call of torch._utils._rebuild_parameter with arguments of unknown form",
      P.global("torch._utils", "_rebuild_parameter"), P.tuple(P.op("}"), P.op("N"), P.op("N")),
      P.op("R")),
    Code(
      "a call of torch's storage of float32 with arguments of unknown form",
      P.global("torch", "FloatStorage"), P.tuple(P.int(1 << 40)), P.op("R")),
    Code("a call of something that is no name", P.text("x"), P.op(")R")),
    Code("a persistent id of unknown form", P.text("x"), P.op("Q")),
    Code("a persistent id of unknown form", id("module", P.global("torch", "FloatStorage"))),
    Code("a persistent id of unknown form", id("storage", P.global("torch", "Size"))),
  ]

  private static func id(_ kind: String, _ type: [UInt8]) -> [UInt8] {
    P.all(P.tuple(P.text(kind), type, P.text("0"), P.text("cpu"), P.int(4)), P.op("Q"))
  }

  @Test(arguments: code)
  func `whatever a pickle could run is refused by name`(_ row: Code) throws {
    // Inside a dictionary: nothing of such a file is used.
    let error = try #require(try Self.error(pickle: P.pickle(P.dictionary(row.part))))
    #expect(error.kind == .refused && error.found == row.found)
  }

  @Test func `text opcodes belong to protocols 0 and 1`() throws {
    let error = try Self.error(pickle: P.pickle(P.op("S'true'\n")))
    #expect(error?.kind == .damaged && error?.found == "byte 53 at byte 2")
  }

  @Test func `other forms say what they are`() throws {
    let script = ZipContent(pickle: P.pickle(P.op("}")), more: ["constants.pkl": [1]])
    #expect(try Self.error(bytes: script.bytes)?.found == "a TorchScript program")
    let zeros = [UInt8](repeating: 0, count: 257)
    let tar = P.all(zeros, Array("ustar\0".utf8), zeros)
    #expect(try Self.error(bytes: tar)?.found == "an older tar archive")
    #expect(try Self.error(bytes: Array("no archive".utf8))?.kind == .otherFormat)
    #expect(try Self.error(bytes: [])?.kind == .otherFormat)
    #expect(try Self.error("/")?.found == "a folder or a device")
    #expect(try Self.error("/no/such/file")?.kind == .unreadable)
    let old: [UInt8] = Array("(dp0\n.".utf8)
    #expect(try Self.error(pickle: old)?.expected == "protocol 2 to 5")
  }
}
