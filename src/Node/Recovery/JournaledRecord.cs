using Atoll.Domain.Sandboxes;

namespace Atoll.Node.Recovery;

/// <summary>The record of one sandbox together with the place where it is kept, for steps that change it.</summary>
internal sealed class JournaledRecord(LaunchRecord record, LaunchJournal journal)
{
    public SandboxId Id => Record.Id;

    public LaunchRecord Record { get; private set; } = record;

    /// <summary>
    /// Changes the record durably. A step does this before it makes what the change names, and on the way back before
    /// it gives away what the record named.
    /// </summary>
    /// <exception cref="IOException">It could not be written; the record is what it was.</exception>
    public void Remember(Func<LaunchRecord, LaunchRecord> change)
    {
        LaunchRecord changed = change(Record);
        journal.Save(changed);
        Record = changed;
    }
}
