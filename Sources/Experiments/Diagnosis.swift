import Datasets
import Foundation
import Torch

/// What this machine has, what is missing and how to get it.
public struct Diagnosis: Codable, Sendable {
  public struct Finding: Codable, Sendable {
    public enum State: String, Codable, Sendable {
      case good
      /// Not there, and not needed.
      case absent
      /// Not there, and needed.
      case missing
    }
    public let subject: String
    public let state: State
    public let detail: String
    public let remedy: String?
  }

  public let findings: [Finding]
  public var isHealthy: Bool { !findings.contains { $0.state == .missing } }

  public static func make() -> Diagnosis {
    Diagnosis(
      findings: [version, engine, processor, gpu] + PublishedDataset.all.map(dataset)
        + [charts, disk])
  }

  private static func good(_ subject: String, _ detail: String) -> Finding {
    Finding(subject: subject, state: .good, detail: detail, remedy: nil)
  }

  private static var version: Finding { good("Spikeguard", Spikeguard.version) }

  private static var engine: Finding {
    guard Engine.version.hasPrefix("2.11.") else {
      return Finding(
        subject: "LibTorch", state: .missing, detail: "\(Engine.version), expected 2.11",
        remedy: "run scripts/bootstrap, or point LIBTORCH at a PyTorch 2.11 and build again")
    }
    return good("LibTorch", Engine.version)
  }

  private static var processor: Finding {
    let machine = Machine.current
    return good(
      "Processor",
      "\(machine.processor), \(machine.instructions), \(machine.threads) threads for the engine, "
        + "\(ProcessInfo.processInfo.activeProcessorCount) cores; \(machine.system)")
  }

  private static var gpu: Finding {
    if Engine.cudaDeviceCount > 0 { return good("GPU", "\(Engine.cudaDeviceCount) CUDA devices") }
    return Finding(
      subject: "GPU", state: .absent,
      detail: "none in use (\(Engine.cudaAbsence ?? "no device")); it is never needed", remedy: nil)
  }

  private static func dataset(_ dataset: PublishedDataset) -> Finding {
    let subject = "Data set \(dataset.name)"
    do { return good(subject, try DataAccess.folder(of: dataset).path) } catch {
      let needed = dataset == .fashionMNIST
      return Finding(
        subject: subject, state: needed ? .missing : .absent, detail: "not found",
        remedy: error.remedy)
    }
  }

  private static var charts: Finding {
    do {
      return good("Vega (charts of reports)", try VegaBundle.locate().path)
    } catch {
      return Finding(
        subject: "Vega (charts of reports)", state: .missing, detail: "not found",
        remedy: "run scripts/bootstrap")
    }
  }

  private static var disk: Finding {
    let folder = DataAccess.currentFolder.path
    let facts = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    let free = (facts?[.systemFreeSize] as? NSNumber)?.doubleValue ?? 0
    let text = String(format: "%.1f GB free in %@", free / 1e9, folder)
    guard free > 1e9 else {
      return Finding(
        subject: "Disk", state: .missing, detail: text, remedy: "make room: a run needs up to 1 GB")
    }
    return good("Disk", text)
  }
}
