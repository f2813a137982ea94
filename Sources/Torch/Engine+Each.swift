internal import CTorch

extension Engine {
  /// Calls `body` once for each index, on up to ``threads`` of the engine's threads, each taking the next index when it is
  /// done: for independent pieces of work that are each too small for all threads.
  ///
  /// Of several indices, each one's tensor operations run on its thread alone; a single index has all threads. Nothing is
  /// recorded for differentiation unless asked. What the body computes must not depend on the order of the indices.
  ///
  /// - Returns: what the body returned, by index.
  public static func map<Result: Sendable>(
    count: Int, _ body: @Sendable (Int) -> Result
  ) -> [Result] {
    guard count > 0 else { return [] }
    return withoutActuallyEscaping(body) { body in
      var results = [Result?](repeating: nil, count: count)
      results.withUnsafeMutableBufferPointer { places in
        let work = EachIndex { [place = UncheckedPlace(start: places.baseAddress!)] index in
          place.start[index] = withoutGradients { body(index) }
        }
        let context = Unmanaged.passUnretained(work).toOpaque()
        withExtendedLifetime(work) {
          ct_each(
            Int64(count),
            { Unmanaged<EachIndex>.fromOpaque($0).takeUnretainedValue().run(Int($1)) }, context)
        }
      }
      return results.map { $0! }
    }
  }
}

/// A closure that C can point to.
private final class EachIndex {
  let run: (Int) -> Void
  init(_ run: @escaping (Int) -> Void) { self.run = run }
}

/// Every index is written by one thread, and read after all are done.
private struct UncheckedPlace<Value>: @unchecked Sendable {
  let start: UnsafeMutablePointer<Value>
}
