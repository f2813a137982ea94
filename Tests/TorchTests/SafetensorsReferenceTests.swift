import Foundation
import TestSupport
import Testing
import Torch

/// Against bytes of the reference implementation: Python's safetensors 0.8.0 with torch 2.11.0,
/// `safetensors.torch.save(tensors, metadata={"format": "pt"})`.
@Suite struct SafetensorsReferenceTests {
  static let reference = Data(
    base64Encoded: """
      sAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJpNjQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6\
      WzJdLCJkYXRhX29mZnNldHMiOlswLDE2XX0sImFcIlxcXG5cdTAwMDHDqS8iOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6\
      W10sImRhdGFfb2Zmc2V0cyI6WzE2LDI0XX0sImNvbnYud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNd\
      LCJkYXRhX29mZnNldHMiOlsyNCw0OF19LCJub25lIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlswLDNdLCJkYXRhX29m\
      ZnNldHMiOls0OCw0OF19LCJpMzIiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6WzEsMV0sImRhdGFfb2Zmc2V0cyI6WzQ4\
      LDUyXX0sImJyYWluIjp7ImR0eXBlIjoiQkYxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzUyLDU2XX0sImhh\
      bGYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls1Niw2MF19LCJpMTYiOnsiZHR5cGUi\
      OiJJMTYiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls2MCw2Ml19LCJpOCI6eyJkdHlwZSI6Ikk4Iiwic2hhcGUi\
      OlsyXSwiZGF0YV9vZmZzZXRzIjpbNjIsNjRdfSwidTgiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbMl0sImRhdGFfb2Zm\
      c2V0cyI6WzY0LDY2XX0sImJvb2wiOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbNjYs\
      NjldfX0g/////////3///////////wAAAAAAAPi/AAAAvwAAgL4AAAAAAACAPgAAAD8AAEA/AAAAgElAlv4APv/7AICA\
      fwD/AQAB
      """)!

  static let tensors: NamedTensors = [
    "i64": Tensor([Int.max, -1]),
    "a\"\\\n\u{1}é/": Tensor(-1.5),
    "conv.weight": Tensor([-0.5, -0.25, 0, 0.25, 0.5, 0.75] as [Float], shape: [2, 3]),
    "none": Tensor.zeros([0, 3]),
    "i32": Tensor([Int32.min], shape: [1, 1]),
    "brain": Tensor([3.140625, -1e38]).converted(to: .bfloat16),
    "half": Tensor([1.5, -65504]).converted(to: .float16),
    "i16": Tensor([Int16.min]),
    "i8": Tensor([Int8.min, Int8.max]),
    "u8": Tensor([UInt8.min, UInt8.max]),
    "bool": Tensor([true, false, true]),
  ]

  @Test func readsWhatTheReferenceWrites() throws {
    let file = try withTemporaryDirectory { folder in
      try Self.reference.write(to: URL(fileURLWithPath: folder + "/a.safetensors"))
      return try Safetensors.read(from: folder + "/a.safetensors")
    }
    #expect(file.metadata == ["format": "pt"])
    #expect(file.tensors.names == Self.tensors.names)
    for (name, tensor) in file.tensors {
      let expected = try #require(Self.tensors[name])
      #expect(tensor.isIdentical(to: expected), "\(name): \(tensor)")
    }
  }

  @Test func writesTheSameBytesInWhateverOrder() throws {
    for names in [Self.tensors.names, Self.tensors.names.reversed(), Self.tensors.names.sorted()] {
      let shuffled = NamedTensors(names.map { ($0, Self.tensors[$0]!) })
      let bytes = try withTemporaryDirectory { folder in
        try Safetensors.write(shuffled, metadata: ["format": "pt"], to: folder + "/a.safetensors")
        return try Data(contentsOf: URL(fileURLWithPath: folder + "/a.safetensors"))
      }
      #expect(bytes == Self.reference)
    }
  }
}
