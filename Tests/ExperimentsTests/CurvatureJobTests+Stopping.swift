import Testing

@testable import Experiments

extension CurvatureJobTests {
  @Test func `a job that is stopped has the batches that it measured, and says so`() throws {
    let loaded = try Self.network()
    var settings = Self.settings
    settings.inferences = [.clean, .fgsm]
    settings.batches = 2
    settings.density = .init(steps: 5, vectors: 1)
    settings.traceProducts = 6
    let job = try CurvatureJob(loaded, on: TinyJob.dataset, settings)
    let whole = try #require(try job.run())
    func stopped(after batches: Int) throws -> CurvatureResults? {
      var asked = 0
      // Once before each kind of images, once when they are made, once before each batch.
      let checks = [0, 3, 4, 7][batches]
      return try job.run(shouldStop: {
        asked += 1
        return asked > checks
      })
    }
    #expect(try stopped(after: 0) == nil)
    for count in 1...3 {
      let results = try #require(try stopped(after: count))
      #expect(results.curvatures == count && !results.isComplete)
      #expect(results.inferences.map(\.batches.count) == [[1], [2], [2, 1]][count - 1])
      for (found, expected) in zip(results.inferences, whole.inferences) {
        #expect(
          found.batches.map(\.eigenvalues)
            == expected.batches.prefix(found.batches.count).map(\.eigenvalues))
        #expect(found.density == expected.density && found.trace == expected.trace)
      }
      #expect(
        CurvatureWords.notes(of: results)[0]
          == "Stopped after \(count) of 4 batches: the rest is missing.")
      #expect(try results.html(vegaBundle: ReportPageTests.bundle).contains("Stopped after"))
    }
    #expect(whole.isComplete && !CurvatureWords.notes(of: whole)[0].hasPrefix("Stopped"))
  }
}
