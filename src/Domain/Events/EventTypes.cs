namespace Atoll.Domain.Events;

/// <summary>What can have happened, in the words of the API (contracts/scalebox.md 1.7, and what it has no word for).</summary>
public static class EventTypes
{
    public const string SandboxCreated = "sandbox.created";
    public const string SandboxStarting = "sandbox.starting";

    /// <summary>It runs for the first time.</summary>
    public const string SandboxStarted = "sandbox.started";

    public const string SandboxPausing = "sandbox.pausing";
    public const string SandboxPaused = "sandbox.paused";

    /// <summary>It could not be paused, and runs on.</summary>
    public const string SandboxPauseFailed = "sandbox.pause_failed";

    public const string SandboxResuming = "sandbox.resuming";
    public const string SandboxResumed = "sandbox.resumed";

    /// <summary>It could not be brought back, and stays paused.</summary>
    public const string SandboxResumeFailed = "sandbox.resume_failed";

    /// <summary>An image of it is being taken while it lives on.</summary>
    public const string SandboxCapturing = "sandbox.capturing";

    public const string SandboxCaptured = "sandbox.captured";
    public const string SandboxCaptureFailed = "sandbox.capture_failed";

    /// <summary>It was made out of the image of another.</summary>
    public const string SandboxForked = "sandbox.forked";

    /// <summary>It is being taken down and can be used no more.</summary>
    public const string SandboxStopped = "sandbox.stopped";

    /// <summary>It is over, at somebody's wish or by its timeout, and nothing is left of it on its node.</summary>
    public const string SandboxTerminated = "sandbox.terminated";

    /// <summary>It is over, through a fault.</summary>
    public const string SandboxFailed = "sandbox.failed";

    /// <summary>Its record is gone.</summary>
    public const string SandboxDeleted = "sandbox.deleted";

    public const string SandboxTimeoutChanged = "sandbox.timeout_changed";
    public const string SandboxPortsChanged = "sandbox.ports_changed";
    public const string SandboxProjectSwitched = "sandbox.project_switched";

    /// <summary>Something else of its record changed.</summary>
    public const string SandboxUpdated = "sandbox.updated";

    public const string TemplateUploaded = "template.uploaded";
    public const string TemplateDeleted = "template.deleted";
    public const string TemplateImportFinished = "template.import_finished";
    public const string TemplateImportFailed = "template.import_failed";
    public const string SnapshotCreated = "snapshot.created";
    public const string SnapshotDeleted = "snapshot.deleted";

    /// <summary>A webhook was switched off: nothing could be delivered to it for days.</summary>
    public const string WebhookDisabled = "webhook.disabled";

    /// <summary>Its owner wanted to see whether it works.</summary>
    public const string WebhookTest = "webhook.test";

    public const string QuotaRequestDecided = "quota_request.decided";

    public static IReadOnlyList<string> All { get; } =
    [
        SandboxCreated, SandboxStarting, SandboxStarted, SandboxPausing, SandboxPaused, SandboxPauseFailed, SandboxResuming, SandboxResumed,
        SandboxResumeFailed, SandboxCapturing, SandboxCaptured, SandboxCaptureFailed, SandboxForked, SandboxStopped, SandboxTerminated,
        SandboxFailed, SandboxDeleted, SandboxTimeoutChanged, SandboxPortsChanged, SandboxProjectSwitched, SandboxUpdated,
        TemplateUploaded, TemplateDeleted, TemplateImportFinished, TemplateImportFailed, SnapshotCreated, SnapshotDeleted,
        WebhookDisabled, WebhookTest, QuotaRequestDecided,
    ];

    /// <summary>The types that a word names: one, all of one kind by <c>sandbox.*</c> and the like, or all by <c>*</c>; none when it names none.</summary>
    public static IEnumerable<string> Named(string word) => All.Where(type => word == "*" || type == word
        || (word.EndsWith(".*", StringComparison.Ordinal) && type.StartsWith(word[..^1], StringComparison.Ordinal)));
}
