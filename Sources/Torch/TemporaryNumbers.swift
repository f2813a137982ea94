extension Tensor {
  private static let data = Operator(known: "data")
  /// The same memory under a handle that no graph watches.
  fileprivate var unwatched: Tensor { must { () throws(TorchError) in try Self.data(self) } }
}

/// Runs `body` while tensors hold other numbers, and then gives them their own back, bit for bit, also where it throws.
///
/// All that share their memory see it. Graphs that were recorded before are not told: they must not be used inside
/// `body`, and are as good as before when it is done. A graph that `body` records must not be used after it.
///
/// - Parameters:
///   - numbers: one tensor for each, of its shape.
/// - Precondition: the shapes are equal.
public func withNumbers<Result, Failure: Error>(
  _ numbers: [Tensor], in tensors: [Tensor], _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  precondition(
    numbers.map(\.shape) == tensors.map(\.shape),
    "withNumbers: expected shapes \(tensors.map(\.shape)), got \(numbers.map(\.shape))")
  let places = tensors.map(\.unwatched)
  let kept = places.map { $0.copied() }
  func write(_ values: [Tensor]) {
    withoutGradients {
      for (place, value) in zip(places, values) { place.copyInPlace(from: value) }
    }
  }
  defer { write(kept) }
  write(numbers.map { $0.detached() })
  return try body()
}
