/// Why a file of `torch.save` could not be read, and what to do about it.
public struct PyTorchArchiveError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The file cannot be opened or read.
    case unreadable
    /// The file is no archive of `torch.save`'s, or one of its older forms.
    case otherFormat
    /// The archive breaks a rule of its format, or a checksum differs.
    case damaged
    /// The archive asks for something to be called or built that is not a tensor.
    case refused
    /// An element type that ``DType`` has not.
    case unsupported
    /// A number in the file is beyond what a file of its size can need.
    case limit
    /// The archive is sound but does not say which tensors are meant, or has none.
    case content
  }

  public let kind: Kind
  public let path: String
  /// What is wrong: the file, a record of the archive, the pickle, or one tensor.
  public let subject: String
  public let expected: String
  public let found: String
  public let remedy: String

  public var description: String {
    "\(path): \(subject): expected \(expected), found \(found); \(remedy)"
  }

  init(path: String, _ failure: PyTorchArchive.Failure) {
    kind = failure.kind
    self.path = path
    subject = failure.subject
    expected = failure.expected
    found = failure.found
    remedy = failure.remedy
  }
}

extension PyTorchArchive {
  /// An error that does not know yet which file it is about.
  struct Failure: Error {
    let kind: PyTorchArchiveError.Kind
    let subject: String
    let expected: String
    let found: String
    let remedy: String

    init(
      _ kind: PyTorchArchiveError.Kind, _ subject: String, expected: String, found: String,
      remedy: String = "the file is damaged: copy or download it again"
    ) {
      self.kind = kind
      self.subject = subject
      self.expected = expected
      self.found = found
      self.remedy = remedy
    }

    /// Something that a pickle would run.
    static func refused(_ what: String) -> Failure {
      Failure(
        .refused, "pickle", expected: "tensors, numbers, texts and collections of them",
        found: what,
        remedy: "nothing was run; if you trust the file, load it in Python and save its state_dict "
          + "alone: " + Failure.python("torch.load('old.pth', weights_only=False)['net']"))
    }

    /// One line that writes `value` in the form that is read here.
    static func python(_ value: String) -> String {
      #"python -c "import torch; torch.save(\#(value), 'new.pth')""#
    }
  }
}

extension String {
  /// A text from a file, short and without anything that a terminal would act on.
  var escaped: String {
    let shown = String(prefix(80)).debugDescription.dropFirst().dropLast()
    return shown + (count > 80 ? "…" : "")
  }
}
