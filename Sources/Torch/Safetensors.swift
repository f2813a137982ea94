/// Named tensors in a file that every framework reads: <https://github.com/huggingface/safetensors>.
///
/// A file is the header's length (8 bytes, little-endian), the header (JSON: type, shape and place of each
/// tensor) and the tensors' bytes, row-major and little-endian, without gaps. Reading checks every rule of the
/// format before it allocates memory; writing is atomic. Nothing in a file is ever executed.
public enum Safetensors {
  /// The longest header that the format allows, in bytes.
  static let longestHeader = 100_000_000

  /// The key of the header that holds the metadata and therefore names no tensor.
  static let metadataKey = "__metadata__"
}

/// What a safetensors file holds.
public struct SafetensorsFile: Sendable {
  /// The tensors on the CPU, in the order of their bytes in the file.
  public var tensors: NamedTensors
  public var metadata: [String: String]
}

extension DType {
  /// The format's name of this type.
  var safetensorsName: String {
    switch self {
    case .bool: "BOOL"
    case .uint8: "U8"
    case .int8: "I8"
    case .int16: "I16"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int32: "I32"
    case .float32: "F32"
    case .float64: "F64"
    case .int64: "I64"
    }
  }

  init?(safetensorsName name: String) {
    guard let match = DType.allCases.first(where: { $0.safetensorsName == name }) else {
      return nil
    }
    self = match
  }

  /// The reference writer's order of types: what has the higher rank comes first in the file.
  var safetensorsRank: Int {
    switch self {
    case .bool: 0
    case .uint8: 1
    case .int8: 2
    case .int16: 3
    case .float16: 4
    case .bfloat16: 5
    case .int32: 6
    case .float32: 7
    case .float64: 8
    case .int64: 9
    }
  }
}

#if _endian(big)
  #error("Safetensors copies bytes as they are, which is right on little-endian machines only")
#endif
