import Datasets
import Foundation
import TestSupport
import Testing
import Training

@testable import Experiments

/// A run's two logs say the same: event for event, line for line.
@Suite struct RunLogsTests {
  /// As TensorBoard's own reader was asked about it (`make tensorboard-check`).
  private static let reference = "tensorboard/run"

  /// Two epochs of four steps, in points of three steps, deflated and evaluated; a collapse is added.
  private func run(in folder: RunFolder) throws {
    var training = TinyJob.training
    training.epochs = 2
    training.deflation = .fast
    training.decay = .cosine
    let job = try TrainingJob(
      network: TinyJob.network, training: training,
      datasets: RunDatasets(
        training: TinyJob.dataset, validation: TinyJob.dataset.prefix(8),
        test: TinyJob.dataset.prefix(5)),
      stepsPerPoint: 3)
    let position = try job.run(in: folder).manifest.session.logs
    let logs = try RunLogs(folder, from: position) { _ in 0 }
    let collapse = """
      {"signs": ["accuracy"], "onset": 3, "noticed": 5, "steps": []}
      """
    try logs.log(JSONDecoder().decode(CollapseReport.self, from: Data(collapse.utf8)))
    _ = try logs.position()
  }

  /// What a line of `metrics.jsonl` must be in the event file.
  private func expected(_ line: [String: Any]) throws -> (step: Int?, scalars: [String: Float]) {
    func number(_ key: String, _ object: [String: Any]? = nil) throws -> Float {
      Float(try #require((object ?? line)[key] as? Double))
    }
    let step = line["step"] as? Int
    switch line["event"] as? String {
    case "steps":
      var scalars = [
        "train/loss": try number("loss"), "train/accuracy": try number("accuracy"),
        "train/spike rate": try number("spikeRate"),
        "train/learning rate": try number("learningRate"),
      ]
      for layer in try #require(line["deflation"] as? [[String: Any]]) {
        let name = try #require(layer["layer"] as? String)
        scalars["leading share/" + name] = try number("energyRemoved", layer)
      }
      return (step, scalars)
    case "epoch":
      return (
        step, ["epoch/loss": try number("loss"), "epoch/accuracy": try number("accuracy")]
      )
    case "evaluation":
      let score = try #require(line["score"] as? [String: Any])
      let accuracy = try number("correct", score) / number("total", score)
      let part = try #require(line["part"] as? String)
      let epoch = try #require(line["epoch"] as? Int)
      return (epoch * TinyJob.batchesPerEpoch, [part + "/accuracy": accuracy])
    case "preview":
      let preview = try #require(line["preview"] as? [String: Any])
      let layers = try #require(preview["layers"] as? [[String: Any]])
      let scalars = try layers.map { layer in
        ("early spike rate/" + (try #require(layer["name"] as? String)), try number("rate", layer))
      }
      return (step, Dictionary(uniqueKeysWithValues: scalars))
    case "collapse":
      let report = try #require(line["collapse"] as? [String: Any])
      return (step, ["collapse/onset": try number("onset", report)])
    default: throw UnknownLine()
    }
  }

  private struct UnknownLine: Error {}

  private func eventFile(_ folder: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix("events.out.tfevents.")
    }
    try #require(names.count == 1)
    return folder + "/" + names[0]
  }

  private func expectSame(_ folder: String) throws {
    let lines = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)
      .split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    let events = try ReadEvent.all(eventFile(folder))
    #expect(events.first?.version == "brain.Event:2")
    #expect(events.count == lines.count + 1)
    for (event, line) in zip(events.dropFirst(), lines) {
      let (step, scalars) = try expected(line)
      #expect(event.step == step && event.scalars == scalars, "\(line)")
    }
    // Points of three steps that do not reach over an epoch's end, each end's evaluations, and one preview.
    let kinds = lines.map { "\($0["event"]!)\($0["step"] ?? "")" }
    #expect(
      kinds == [
        "steps3", "steps4", "epoch4", "evaluation", "evaluation", "preview5", "steps7", "steps8",
        "epoch8", "evaluation", "evaluation", "collapse5",
      ])
    let rates = lines.filter { $0["event"] as? String == "steps" }.map {
      $0["learningRate"] as? Double ?? .nan
    }
    for (rate, step) in zip(rates, [2, 3, 6, 7]) {
      expectClose(rate, 0.025 * (1 + cos(.pi * Double(step) / 8)), relative: 1e-12)
    }
  }

  @Test func `each line of the log is an event of the same step and values`() throws {
    try withTemporaryDirectory { path in
      try run(in: RunFolder(path + "/run"))
      try expectSame(path + "/run")
      guard let place = ProcessInfo.processInfo.environment["SPIKEGUARD_WRITE_EVENTS"] else {
        return
      }
      // A new reference: `make tensorboard-check` writes it, then has TensorBoard read it.
      try FileManager.default.createDirectory(
        atPath: place + "/run", withIntermediateDirectories: true)
      for (from, to) in [
        (try eventFile(path + "/run"), "events.out.tfevents.1700000000.host.7.0"),
        (path + "/run/metrics.jsonl", "metrics.jsonl"),
      ] {
        let content = try Data(contentsOf: URL(fileURLWithPath: from))
        try content.write(to: URL(fileURLWithPath: "\(place)/run/\(to)"))
      }
    }
  }

  @Test func `TensorBoard reads the curves of a run as they are`() throws {
    let folder = Fixture.path(Self.reference)
    try expectSame(folder)
    let json = try Data(contentsOf: URL(fileURLWithPath: folder + "/curves.json"))
    // Steps and values of each curve; values are text that is the same float32 again.
    let theirs = try JSONDecoder().decode([String: [[String]]].self, from: json)
    var ours: [String: [[String]]] = [:]
    for event in try ReadEvent.all(eventFile(folder)) {
      for (tag, value) in event.scalars {
        ours[tag, default: []].append(["\(event.step)", "\(value)"])
      }
    }
    #expect(ours.keys.sorted() == theirs.keys.sorted())
    for (tag, points) in theirs {
      #expect(ours[tag] == points.map { [$0[0], "\(Float($0[1]) ?? .nan)"] }, "\(tag)")
    }
  }
}
