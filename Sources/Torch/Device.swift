/// Where a tensor's numbers live.
public enum Device: Equatable, Sendable, CustomStringConvertible {
  case cpu
  case cuda(Int)

  /// The engine's device type and index in one number: type << 8 | (index + 1).
  var code: Int {
    switch self {
    case .cpu: 0
    case .cuda(let index): 1 << 8 | (index + 1)
    }
  }

  init(code: Int) { self = code >> 8 == 1 ? .cuda((code & 255) - 1) : .cpu }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }
}

/// The order in which a 4-dimensional tensor's numbers lie in memory.
public enum MemoryFormat: Int, Sendable {
  /// Row-major, `[N, C, H, W]`.
  case contiguous = 0
  /// Channels innermost, `[N, H, W, C]` in memory under the same shape; what convolutions prefer.
  case channelsLast = 2
}
