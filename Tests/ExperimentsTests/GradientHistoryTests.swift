import Foundation
import TestSupport
import Testing

@testable import Experiments

/// `theory gradients`: what is read back of runs, and what a run that measured nothing says.
@Suite struct GradientHistoryTests {
  private func trained(_ path: String, measures: Bool, deflates: Bool = false) throws {
    _ = try TrainingMeasurementTests.job(measures: measures) { training, _ in
      training.deflation = deflates ? .fast : .none
    }.run(in: RunFolder(path))
  }

  @Test func `runs stand side by side, whoever measured their singular values`() throws {
    try withTemporaryDirectory { path in
      try trained(path + "/plain", measures: true)
      try trained(path + "/a/dsd", measures: true, deflates: true)
      try trained(path + "/b/dsd", measures: false, deflates: true)
      let history = try GradientHistory(
        of: ["/plain", "/a/dsd/", "/b/dsd"].map { path + $0 })
      #expect(history.runs.map(\.title) == ["plain", path + "/a/dsd/", path + "/b/dsd"])
      #expect(history.runs.map(\.source) == [.measured, .measured, .deflation])
      #expect(history.runs.map { $0.curvature.count } == [3, 3, 0])
      // Its running statistics have not come far enough for spikes.
      #expect(history.runs.map { $0.notes.count } == [1, 1, 2])
      #expect(
        history.runs[0].notes[0].hasPrefix("3 of 3 readings of λ_max, the last at step 6, are"))
      // Points of the curve end with the epochs.
      #expect(history.runs[2].spectra.map(\.step) == [4, 8])
      // Both deflate with the same seed: the last epochs' gradients are the same.
      let (a, b) = (history.runs[1].spectra.last!, history.runs[2].spectra.last!)
      for (measured, deflated) in zip(a.layers, b.layers) {
        expectClose(measured.energyShare, deflated.energyShare, relative: 1e-3)
      }
      let summaries = history.layerSummaries.filter { $0.run == "plain" }
      #expect(summaries.map(\.layer) == history.runs[0].layers && summaries.count == 4)
      let shares = history.runs[0].spectra.map { $0.layers[0].energyShare }.sorted()
      #expect(summaries[0].median == shares[2] && summaries[0].readings == 5)
      let page = try history.html(vegaBundle: VegaBundle.load())
      #expect(page.contains("id=\"share-4\"") && page.contains("id=\"curvature\""))
      #expect(try JSONDecoder().decode(GradientHistory.self, from: history.json()) == history)
    }
  }

  /// Its λ_max is that of the last bias, and no matrix has a gradient: neither is a finding.
  @Test func `a silent network is said to be one`() throws {
    try withTemporaryDirectory { path in
      _ = try TrainingMeasurementTests.job { _, network in network.neuron.threshold = 50 }
        .run(in: RunFolder(path + "/silent"))
      let run = try GradientHistory(of: [path + "/silent"]).runs[0]
      #expect(run.curvature.map(\.lastLayerRate) == [0, 0, 0] && run.layers.isEmpty)
      #expect(run.notes.count == 2)
      #expect(run.notes[0].hasPrefix("5 of 5 spectra have no layer in them"))
      #expect(
        run.notes[1].hasPrefix(
          "3 of 3 readings of λ_max, the last at step 6, are of a network"))
      let page = try GradientHistory(of: [path + "/silent"]).html(vegaBundle: VegaBundle.load())
      #expect(
        page.contains("3 of 3 readings of λ_max, the last at step 6, are of a network"))
    }
  }

  @Test func `a run that is named twice is no comparison`() throws {
    try withTemporaryDirectory { path in
      try trained(path + "/plain", measures: true)
      let error = #expect(throws: UsageError.self) {
        try GradientHistory(of: [path + "/plain", path + "/plain/"])
      }
      #expect(
        error?.description
          == "expected different runs, found \(path)/plain/ twice; name each once")
    }
  }

  @Test func `a run that measured nothing says with which settings to train`() throws {
    try withTemporaryDirectory { path in
      try trained(path + "/plain", measures: false)
      let error = #expect(throws: UsageError.self) { try GradientHistory(of: [path + "/plain"]) }
      #expect(
        error?.description
          == "\(path)/plain/metrics.jsonl: expected singular values of gradients or "
          + "λ_max, found neither; train with --spectrum-every N, with --curvature-every N, or both"
      )
      #expect(throws: RunFileError.self) { try GradientHistory(of: [path]) }
      #expect(throws: UsageError.self) { try GradientHistory(of: []) }
    }
  }

  @Test(
    arguments: [
      (#"{"event":"curvature","step":3}"#, "a curvature with its reading"),
      (#"{"event":"spectrum","step":3}"#, "a spectrum with its step and layers"),
      (#"{"event":"steps","deflation":[]}"#, "steps with their number"),
      (#"{"event":"curvature","curvature":{"step":"x"}}"#, "a record of a run as JSON"),
    ])
  func `a damaged line is named`(line: String, expected: String) throws {
    try withTemporaryDirectory { path in
      let file = path + "/metrics.jsonl"
      try Data((line + "\n").utf8).write(to: URL(fileURLWithPath: file))
      let error = #expect(throws: RunFileError.self) {
        try RunMetrics(contentsOf: file, isComplete: true)
      }
      #expect(error?.line == 1 && error?.expected == expected)
    }
  }
}
