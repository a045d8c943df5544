using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Images;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;

namespace Atoll.Node.Launch;

/// <summary>One step of bringing a sandbox up, with its undo.</summary>
internal interface ILaunchStep
{
    /// <summary>A short noun such as <c>network</c>: names the step in logs and in fault injection.</summary>
    string Name { get; }

    /// <summary>What users see while this step runs.</summary>
    SandboxPhase Phase { get; }

    Task DoAsync(LaunchContext context, CancellationToken cancellation);

    /// <summary>
    /// Removes what the step made, by what the record says. Must also work when the step never ran or died halfway,
    /// in another server process, and when repeated: also after others have been given what it gave back, so it takes
    /// such a thing out of the record first. Throws when something is left.
    /// </summary>
    Task UndoAsync(JournaledRecord record);
}

/// <summary>What the steps of one launch share.</summary>
internal sealed class LaunchContext(LaunchRequest request, JournaledRecord journaled)
{
    public LaunchRequest Request { get; } = request;

    public JournaledRecord Journaled { get; } = journaled;

    public LaunchRecord Record => Journaled.Record;

    /// <summary>What it is restored from; null when it boots.</summary>
    public RestoredImage? Image { get; set; }

    /// <summary>Set by the last step.</summary>
    public RunningSandbox? Running { get; set; }

    /// <inheritdoc cref="JournaledRecord.Remember"/>
    public void Remember(Func<LaunchRecord, LaunchRecord> change) => Journaled.Remember(change);
}
