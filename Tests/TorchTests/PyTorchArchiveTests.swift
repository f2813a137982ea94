import Foundation
import TestSupport
import Testing
import Torch

/// Files that torch.save of PyTorch 2.11 wrote (scripts/fixtures/state_dicts.py).
@Suite struct PyTorchArchiveTests {
  static func path(_ name: String) -> String { Fixture.path("state-dicts/" + name) }

  /// What the fixture's safetensors twin holds for a file.
  static func expected(_ name: String) throws -> NamedTensors {
    let twin = try Fixture.load("state-dicts.safetensors").tensors
    let tensors = twin.filter { $0.hasPrefix(name + "/") }
    return NamedTensors(tensors.map { (String($0.name.dropFirst(name.count + 1)), $0.tensor) })
  }

  @Test(arguments: [
    "types.pth", "types-protocol5.pth", "types-deflated.pth", "types-big-endian.pth", "views.pth",
    "module.pth", "checkpoint.pth", "spikingjelly-vgg5.pth",
  ])
  func `every tensor has PyTorch's type, shape and bits`(_ name: String) throws {
    let archive = try PyTorchArchive(contentsOf: Self.path(name))
    let found = try archive.tensors(of: archive.stateDict())
    let expected = try Self.expected(name)
    #expect(Set(found.names) == Set(expected.names) && !expected.isEmpty)
    for (name, tensor) in expected {
      let ours = try #require(found[name])
      #expect(ours.shape == tensor.shape && ours.dtype == tensor.dtype, "\(name)")
      let same = ours.withBytes { a in tensor.withBytes { b in a.elementsEqual(b) } }
      #expect(same, "\(name)")
    }
  }

  @Test func `tensors of one storage have memory of their own, row-major`() throws {
    let archive = try PyTorchArchive(contentsOf: Self.path("views.pth"))
    let tensors = try archive.tensors(of: archive.stateDict())
    for (name, tensor) in tensors {
      #expect(tensor.strides == tensor.contiguous().strides, "\(name)")
    }
    let before = tensors["tied"]!.copied()
    tensors["base"]!.copyInPlace(from: Tensor.zeros([6, 4]))
    tensors["rows"]!.copyInPlace(from: Tensor.ones([3, 4]))
    #expect(tensors["tied"]!.isIdentical(to: before))
    #expect(tensors["transposed"]!.sum().item() != 0)
  }

  @Test func `names keep the file's order`() throws {
    let archive = try PyTorchArchive(contentsOf: Self.path("module.pth"))
    #expect(
      try archive.stateDict().names == [
        "module.0.weight", "module.0.bias", "module.1.weight", "module.1.bias",
        "module.1.running_mean", "module.1.running_var", "module.1.num_batches_tracked",
        "module.3.weight", "module.3.bias",
      ])
  }

  @Test func `a training script's checkpoint gives its network, and its numbers beside`() throws {
    let archive = try PyTorchArchive(contentsOf: Self.path("checkpoint.pth"))
    #expect(try archive.stateDict().key == "net")
    #expect(archive.stateDicts.map(\.key).prefix(3) == ["", "net", "optimizer.state.0"])
    #expect(archive.scalars["epoch"] == "11" && archive.scalars["max_val_acc"] == "0.75")
    #expect(archive.scalars["name"] == "DSD_VGG5 \u{1f9e0}" && archive.scalars["done"] == "false")
    #expect(archive.scalars["lr_scheduler.last_epoch"] == "1")
    let momentum = try archive.stateDict("optimizer.state.0")
    #expect(momentum.names == ["momentum_buffer"])
    #expect(try archive.tensors(of: momentum)["momentum_buffer"]!.shape == [2, 1, 3, 3])
  }

  static let ambiguous: [(String, String?, String)] = [
    (
      "two.pth", nil,
      "expected one dictionary of tensors, found 'teacher' (9 tensors), 'student' (9 tensors); name "
        + "one of them by its key, or save it alone"
    ),
    (
      "two.pth", "net",
      "expected a dictionary of tensors under 'net', found 'teacher' (9 tensors), 'student' (9 "
        + "tensors); name one of them by its key, or save it alone"
    ),
    (
      "numbers.pth", nil,
      "expected one dictionary of tensors, found none; save the network's state_dict()"
    ),
  ]

  @Test(arguments: ambiguous)
  func `what is not clear is an error that lists what was found`(
    _ name: String, _ key: String?, _ text: String
  ) throws {
    let archive = try PyTorchArchive(contentsOf: Self.path(name))
    let error = #expect(throws: PyTorchArchiveError.self) { try archive.stateDict(key) }
    #expect(error?.kind == .content)
    #expect(error?.description == "\(Self.path(name)): file: \(text)")
  }

  @Test func `a key chooses among several`() throws {
    let archive = try PyTorchArchive(contentsOf: Self.path("two.pth"))
    #expect(try archive.tensors(of: archive.stateDict("student")).count == 9)
  }

  @Test func `files are told by their content`() throws {
    #expect(PyTorchArchive.recognizes(Self.path("types.pth")))
    #expect(PyTorchArchive.recognizes(Self.path("legacy.pth")))
    #expect(!PyTorchArchive.recognizes(Fixture.path("vgg.safetensors")))
    #expect(!PyTorchArchive.recognizes(Fixture.path("README.md")))
    #expect(!PyTorchArchive.recognizes(Fixture.path("none")))
    // A safetensors header of 640 bytes: its length begins as a pickle of protocol 2 does.
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      let header = "{}" + String(repeating: " ", count: 638)
      try Data(le(640, 8) + Array(header.utf8)).write(to: URL(fileURLWithPath: path))
      #expect(try Safetensors.read(from: path).tensors.isEmpty)
      #expect(!PyTorchArchive.recognizes(path))
    }
  }
}
