import Foundation
import TestSupport
import Testing
import Torch

/// Damaged files: a typed error, or tensors that can be read to their last byte. Never a crash.
@Suite(.timeLimit(.minutes(30))) struct SafetensorsFuzzTests {
  /// Files with every type, odd shapes, metadata and escapes; one with a padded header.
  private func originals() throws -> [[UInt8]] {
    var tensors = NamedTensors()
    for (index, dtype) in DType.allCases.enumerated() {
      tensors["t\(index).é\"\\"] = Tensor.ones([index % 3, 2]).converted(to: dtype)
    }
    tensors["scalar"] = Tensor(1.5)
    let small: NamedTensors = ["a": Tensor([Float(1), 2, 3]), "b": Tensor([true, false])]
    return try withTemporaryDirectory { folder in
      try Safetensors.write(tensors, metadata: ["k": "v\n", "": ""], to: folder + "/large")
      try Safetensors.write(small, to: folder + "/small")
      return try ["/large", "/small"].map {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder + $0)))
      }
    }
  }

  @Test func `damaged files are refused, or read to the last byte`() throws {
    let originals = try originals()
    try withTemporaryDirectory { folder in
      let path = folder + "/file"
      var (refused, accepted) = (0, 0)
      for round in 0..<Mutations.count {
        let content = Mutations.of(originals[round % 2], seed: UInt64(round))
        try Data(content).write(to: URL(fileURLWithPath: path))
        do {
          let file = try bounded("round \(round)") { try Safetensors.read(from: path) }
          accepted += 1
          let contents = Contents(file.tensors)
          for (name, content) in contents.byName {
            #expect(
              content.bytes.count == content.shape.reduce(content.dtype.byteCount, *),
              "round \(round): \(name)")
          }
          // The file's last bytes are the numbers, whatever the header calls them.
          #expect(contents.byteCount <= content.count - 8, "round \(round)")
          // What was read can be written, and is then the same.
          try Safetensors.write(file.tensors, metadata: file.metadata, to: path)
          let again = try Safetensors.read(from: path)
          #expect(Contents(again.tensors) == contents, "round \(round)")
          #expect(again.metadata == file.metadata, "round \(round)")
        } catch let error as SafetensorsError {
          refused += 1
          #expect(error.description.contains("expected "), "round \(round): \(error)")
        }
      }
      #expect(refused > Mutations.count / 3, "only \(refused) were refused")
      #expect(accepted > 0, "none was accepted")
    }
  }

  /// Names, types, shapes and bytes, whatever the order.
  private struct Contents: Equatable {
    struct Content: Equatable {
      let dtype: DType
      let shape: [Int]
      let bytes: [UInt8]
    }

    let byName: [String: Content]

    var byteCount: Int { byName.values.reduce(0) { $0 + $1.bytes.count } }

    init(_ tensors: NamedTensors) {
      byName = Dictionary(
        uniqueKeysWithValues: tensors.map { name, tensor in
          (
            name,
            Content(
              dtype: tensor.dtype, shape: tensor.shape, bytes: tensor.withBytes { Array($0) })
          )
        })
    }
  }
}
