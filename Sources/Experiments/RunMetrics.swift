import Foundation
import Training

/// What `metrics.jsonl` says of a run, read back.
struct RunMetrics: Equatable {
  /// Of the last evaluation of each part.
  private(set) var scores: [Evaluation.Part: Score] = [:]
  /// Of the last epoch; nil where it was no finite number.
  private(set) var trainingLoss: Double?
  /// Of all epochs.
  private(set) var seconds: Double?
  /// λ_max, in the order of steps.
  private(set) var curvature: [CurvatureReading] = []
  /// Leading singular values of gradients that were measured, in the order of steps.
  private(set) var spectra: [StepSpectrum] = []
  /// The same as deflation found them; empty of a run that does not deflate.
  private(set) var deflation: [StepSpectrum] = []

  /// - Parameter isComplete: the run came to its end, so that no line can be half-written. Before that, the
  ///   last line may be cut, and is then left out.
  init(contentsOf path: String, isComplete: Bool) throws(RunFileError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RunFileError(
        path, expected: "a log that can be read", found: "none", remedy: Self.remedy)
    }
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // What follows the last line break: nothing, or a line that was cut.
    for (index, line) in lines.enumerated() where index < lines.count - 1 || !line.isEmpty {
      do throws(LineError) { try read(Data(line)) } catch {
        if index == lines.count - 1 && !isComplete { return }
        throw RunFileError(
          path, line: index + 1, expected: error.expected, found: error.found, remedy: Self.remedy)
      }
    }
  }

  private static let remedy =
    "the log was damaged or changed since it was written: take it from a backup, or train again"

  private struct LineError: Error {
    let expected: String
    let found: String
  }

  private struct Entry: Decodable {
    enum Event: String, Decodable {
      case steps, epoch, evaluation, preview, collapse, curvature, spectrum
    }

    let event: Event
    let part: Evaluation.Part?
    let score: Score?
    let loss: Double?
    let seconds: Double?
    let step: Int?
    let isForeign: Bool?
    let deflation: [DeflatedLayer]?
    let curvature: CurvatureReading?
    let spectrum: GradientSpectrum?
  }

  private mutating func read(_ line: Data) throws(LineError) {
    let expected = "a record of a run as JSON"
    guard String(data: line, encoding: .utf8) != nil else {
      throw LineError(expected: expected, found: "bytes that are no UTF-8")
    }
    let decoder = JSONDecoder()
    // As the log writes what a run that broke down measured.
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let entry: Entry
    do { entry = try decoder.decode(Entry.self, from: line) } catch {
      let found = (error as? DecodingError)?.summary ?? "\(error)"
      throw LineError(expected: expected, found: "another line: \(found)")
    }
    switch entry.event {
    case .evaluation:
      guard let part = entry.part, let score = entry.score, score.isConsistent else {
        throw LineError(
          expected: "an evaluation with its part and the score of its counts", found: "another")
      }
      scores[part] = score
    case .epoch:
      guard let loss = entry.loss, let duration = entry.seconds, duration >= 0 else {
        throw LineError(expected: "an epoch with loss and seconds", found: "another")
      }
      trainingLoss = loss.isFinite ? loss : nil
      seconds = (seconds ?? 0) + duration
    case .curvature:
      guard let reading = entry.curvature else {
        throw LineError(expected: "a curvature with its reading", found: "another")
      }
      curvature.append(reading)
    case .spectrum:
      guard let step = entry.step, let spectrum = entry.spectrum else {
        throw LineError(expected: "a spectrum with its step and layers", found: "another")
      }
      spectra.append(
        StepSpectrum(step: step, isForeign: entry.isForeign ?? false, of: spectrum.layers))
    case .steps:
      guard let layers = entry.deflation else { break }
      guard let step = entry.step else {
        throw LineError(expected: "steps with their number", found: "another")
      }
      deflation.append(StepSpectrum(step: step, of: layers))
    case .preview, .collapse: break
    }
  }
}

extension Score {
  /// Whether accuracy and interval are those of the counts, but for rounding.
  fileprivate var isConsistent: Bool {
    guard correct >= 0, total >= correct else { return false }
    let same = Score(correct: correct, total: total)
    let pairs = [(accuracy, same.accuracy), (low, same.low), (high, same.high)]
    return pairs.allSatisfy { abs($0 - $1) <= 1e-9 }
  }
}
