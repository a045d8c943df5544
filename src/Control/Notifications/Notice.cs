using Atoll.Domain.Events;

namespace Atoll.Control.Notifications;

/// <summary>What an event says to the user whose thing it happened to.</summary>
internal sealed record Notice(string Type, string Category, string Priority, string Title, string Message)
{
    /// <summary>Null for events that nobody needs to be told of.</summary>
    /// <param name="wasAskedFor">Whether a user waits for what failed, and is told by its reply.</param>
    public static Notice? Of(NewEvent happened, bool wasAskedFor) => happened.Type switch
    {
        EventTypes.SandboxFailed => new(
            "sandbox_failed", "sandbox", "high", "Sandbox failed", $"Sandbox '{Name(happened)}' failed: {happened.Reason}"),
        EventTypes.SandboxPauseFailed when !wasAskedFor => new(
            "sandbox_pause_failed", "sandbox", "medium", "Sandbox could not be paused",
            $"Sandbox '{Name(happened)}' was to be paused and could not be{Because(happened)}"),
        EventTypes.TemplateImportFinished => new(
            "template_import_finished", "template", "low", "Template imported", $"Template '{Name(happened)}' can be used now"),
        EventTypes.TemplateImportFailed => new(
            "template_import_failed", "template", "high", "Template not imported",
            $"Template '{Name(happened)}' could not be imported{Because(happened)}"),
        EventTypes.WebhookDisabled => new(
            "webhook_disabled", "webhook", "high", "Webhook switched off", $"Webhook '{Name(happened)}' was switched off{Because(happened)}"),
        EventTypes.QuotaRequestDecided => new(
            "quota_request_decided", "quota", "medium", "Quota request decided",
            $"Your quota request was {happened.Data.GetValueOrDefault("status", "decided")}{Because(happened)}"),
        _ => null,
    };

    private static string Name(NewEvent happened) =>
        happened.Data.GetValueOrDefault("name") is { Length: > 0 } name ? name : happened.Subject;

    private static string Because(NewEvent happened) => happened.Reason.Length == 0 ? "" : $": {happened.Reason}";
}
