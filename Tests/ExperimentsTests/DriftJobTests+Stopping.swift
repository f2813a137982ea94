import TestSupport
import Testing

@testable import Experiments

extension DriftJobTests {
  @Test func `a job that is stopped has the kinds that it finished, and says so`() throws {
    try withTemporaryDirectory { folder in
      let job = try job(try checkpoint(folder)) { $0.kinds = [.clean, .inverted, .uniformNoise] }
      let whole = try run(job)
      let origin = NetworkState(of: job.network)
      // The states that were begun; two of them come before the kinds, four are of each.
      func stopped(after states: Int) throws -> DriftResults? {
        var begun = 0
        return try job.run(shouldStop: { begun == states }, progress: { _ in begun += 1 })
      }
      let results = try #require(try stopped(after: 11))
      #expect(results.kinds.map(\.kind) == [.clean, .inverted] && !results.isComplete)
      #expect(results.kinds.map(\.both.score) == whole.kinds.prefix(2).map(\.both.score))
      #expect(
        results.notes.first == "stopped after 2 of 3 kinds of batches: the rest is missing")
      #expect(whole.isComplete && !whole.notes.contains { $0.hasPrefix("stopped") })
      #expect(try stopped(after: 6)?.kinds.count == 1)
      for early in [0, 1, 5] { #expect(try stopped(after: early) == nil) }
      #expect(same(NetworkState(of: job.network).parameters, origin.parameters))
      #expect(same(NetworkState(of: job.network).statistics, origin.statistics))
    }
  }
}
