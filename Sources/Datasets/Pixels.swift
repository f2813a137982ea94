/// All pixels of a data set, image after image, in the type that they came in.
enum Pixels: Sendable {
  /// A byte `v` stands for `v / 255`.
  case bytes([UInt8])
  /// In [0, 1].
  case floats([Float])

  var count: Int {
    switch self {
    case .bytes(let values): values.count
    case .floats(let values): values.count
    }
  }

  /// Copies as many pixels as `target` holds, scaled to [0, 1].
  func copy(from start: Int, to target: UnsafeMutableBufferPointer<Float>) {
    switch self {
    case .bytes(let values):
      values.withUnsafeBufferPointer { source in
        for i in target.indices { target[i] = Float(source[start + i]) / 255 }
      }
    case .floats(let values):
      values.withUnsafeBufferPointer { source in
        _ = target.update(fromContentsOf: source[start..<start + target.count])
      }
    }
  }

  func prefix(_ count: Int) -> Pixels {
    switch self {
    case .bytes(let values): .bytes(Array(values.prefix(count)))
    case .floats(let values): .floats(Array(values.prefix(count)))
    }
  }

  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch self {
    case .bytes(let values): values.withUnsafeBytes(body)
    case .floats(let values): values.withUnsafeBytes(body)
    }
  }
}
