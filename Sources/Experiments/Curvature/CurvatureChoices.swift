import Attacks
import Curvature
import Torch

/// What a network is shown while its curvature is measured.
public enum InferenceKind: String, Codable, Sendable, CaseIterable {
  /// The images as they are.
  case clean
  /// After one signed step through all time steps.
  case fgsm
  /// After projected gradient ascent through all time steps.
  case pgd

  /// As it stands in a table.
  public var title: String { self == .clean ? "clean" : rawValue.uppercased() }
}

/// Which product the eigenvalues are those of, as options say it; ``CurvatureProduct`` says what each is.
public enum ProductChoice: String, Codable, Sendable, CaseIterable {
  /// Jᵀv where J is found symmetric to rounding, else its symmetric part.
  case auto
  case transposed
  case jacobian
  case symmetric
  case gaussNewton = "gauss-newton"

  /// - Parameter asymmetry: of J, relative, as it was found.
  func product(asymmetry: Double, in precision: CurvaturePrecision) -> CurvatureProduct {
    switch self {
    case .auto: asymmetry <= precision.rounding ? .transposedJacobian : .symmetricPart
    case .transposed: .transposedJacobian
    case .jacobian: .jacobian
    case .symmetric: .symmetricPart
    case .gaussNewton: .gaussNewton
    }
  }
}

extension CurvatureProduct {
  /// As a table says it.
  public var formula: String {
    switch self {
    case .transposedJacobian: "Jᵀv"
    case .jacobian: "Jv"
    case .symmetricPart: "(J + Jᵀ)v/2"
    case .gaussNewton: "Gv, Gauss–Newton"
    }
  }

  /// Whether the matrix is symmetric whatever J is.
  public var isSymmetric: Bool { self == .symmetricPart || self == .gaussNewton }
}

/// How eigenvalues are found.
public enum SpectrumSolver: String, Codable, Sendable, CaseIterable {
  /// ``Lanczos``, with bounds of the error.
  case lanczos
  /// ``PowerIteration``: PyHessian's way and stopping rule, for comparison with published numbers.
  case powerIteration = "power-iteration"
}

/// The element type that products are computed in.
public enum CurvaturePrecision: String, Codable, Sendable, CaseIterable {
  case float32
  case float64

  var dtype: DType { self == .float32 ? .float32 : .float64 }
  /// Below this a relative asymmetry is rounding: half the type's digits.
  var rounding: Double {
    (self == .float32 ? Double(Float.ulpOfOne) : Double.ulpOfOne).squareRoot()
  }
}
