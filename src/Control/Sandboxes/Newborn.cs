using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>A sandbox that is to be stored and started.</summary>
/// <param name="By">Who brings it about.</param>
/// <param name="IsFork">It is a copy of another sandbox; one that is made of a snapshot is not.</param>
internal sealed record Newborn(Sandbox Record, string By, bool IsFork = false);
