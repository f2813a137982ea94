import Testing

/// Calls a reader with one small input, and records an issue when that keeps it busy.
///
/// - Parameters:
///   - input: names the input, as by its seed.
///   - seconds: far above what a sound reader needs, for a busy machine.
public func bounded<Result, Failure: Error>(
  _ input: String, seconds: Int = 10, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let start = ContinuousClock.now
  defer {
    let time = ContinuousClock.now - start
    #expect(time < .seconds(seconds), "\(input) took \(time)", sourceLocation: sourceLocation)
  }
  return try body()
}
