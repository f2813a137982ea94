import Foundation
import TestSupport
import Testing
import Torch

@Suite struct SafetensorsWritingTests {
  @Test(arguments: DType.allCases)
  func everyTypeAndOddShapeComesBack(dtype: DType) throws {
    var tensors = NamedTensors()
    for (index, shape) in oddShapes.enumerated() {
      tensors["\(shape)"] = (randomTensor(shape, seed: UInt64(index)) * 50).magnitude().converted(
        to: dtype)
    }
    try withTemporaryDirectory { folder in
      try Safetensors.write(tensors, metadata: ["a": "b\0é", "": ""], to: folder + "/t")
      let file = try Safetensors.read(from: folder + "/t")
      #expect(file.metadata == ["a": "b\0é", "": ""])
      #expect(Set(file.tensors.names) == Set(tensors.names))
      for (name, tensor) in tensors {
        #expect(file.tensors[name]?.isIdentical(to: tensor) == true, "\(name)")
      }
    }
  }

  /// Strides, channels-last memory and a gradient's graph are no part of a file.
  @Test func writesRowMajorNumbersWhateverLiesInMemory() throws {
    let dense = randomTensor([2, 3, 4, 5], seed: 1)
    let tensors: NamedTensors = [
      "transposed": dense.transposed(), "channelsLast": dense.contiguous(.channelsLast),
      "slice": dense.slicing(1..<3, along: 3), "expanded": Tensor([1.0]).expanded(to: [2, 3]),
      "recorded": dense.requiringGradient() * 2.0,
    ]
    try withTemporaryDirectory { folder in
      try Safetensors.write(tensors, to: folder + "/t")
      let read = try Safetensors.read(from: folder + "/t").tensors
      for (name, tensor) in tensors {
        #expect(read[name]?.isIdentical(to: tensor) == true, "\(name)")
        #expect(read[name]?.requiresGradient == false)
      }
    }
  }

  @Test func replacesAFileAndLeavesNothingElse() throws {
    try withTemporaryDirectory { folder in
      try Safetensors.write(["a": Tensor([1.0])], to: folder + "/t")
      try Safetensors.write(["b": Tensor([2.0])], to: folder + "/t")
      #expect(try Safetensors.read(from: folder + "/t").tensors.names == ["b"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["t"])
    }
  }

  /// The new file is complete before the old one goes: a write that fails half-way (the file size limit stands
  /// in for a full disk) leaves the old bytes and no temporary file.
  @Test func anExistingFileSurvivesAFailure() async throws {
    await #expect(processExitsWith: .success) {
      try withTemporaryDirectory { folder in
        try Safetensors.write(["a": Tensor([1.0])], to: folder + "/t")
        let old = try Data(contentsOf: URL(fileURLWithPath: folder + "/t"))
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 100_000, rlim_max: rlim_t(Int.max))
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let error = #expect(throws: SafetensorsError.self) {
          try Safetensors.write(["a": Tensor.zeros([100_000])], to: folder + "/t")
        }
        #expect(error?.found == "File too large")
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/t")) == old)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["t"])
      }
    }
  }

  @Test func saysWhyAFileCannotBeWritten() throws {
    let error = #expect(throws: SafetensorsError.self) {
      try Safetensors.write([:], to: "/no/such/folder/t")
    }
    #expect(
      error?.description == """
        /no/such/folder/t: file: expected to write it, found No such file or directory; check that \
        the folder exists, can be written and has free space
        """)
    try withTemporaryDirectory { folder in
      #expect(throws: SafetensorsError.self) { try Safetensors.write([:], to: folder) }
      let name = #expect(throws: SafetensorsError.self) {
        try Safetensors.write(["__metadata__": Tensor([1.0])], to: folder + "/t")
      }
      #expect(name?.remedy == "rename the tensor")
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
    }
  }
}
