using System.Net;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Webhooks;

namespace Atoll.Control.Webhooks;

/// <summary>What a webhook may be.</summary>
internal sealed class WebhookRules(ControlOptions options)
{
    private const int MaxNameLength = 100;
    private const int MaxDescriptionLength = 1000;
    private const int MaxUrlLength = 2048;
    private const int MaxWords = 50;

    /// <exception cref="FaultException">A setting that is given cannot be.</exception>
    public void Check(Caller caller, WebhookSettings settings)
    {
        if (settings.Name is { } name && (name.Length > MaxNameLength || string.IsNullOrWhiteSpace(name) || name.Any(char.IsControl)))
        {
            throw Fault.Invalid("name", $"name must be 1 to {MaxNameLength} printable characters").AsException();
        }

        if (settings.Description?.Length > MaxDescriptionLength)
        {
            throw Fault.Invalid("description", $"description must be at most {MaxDescriptionLength} characters").AsException();
        }

        if (settings.Url is { } url && UrlProblem(url) is { } problem)
        {
            throw Fault.Invalid("url", problem).AsException();
        }

        if (settings.Events is { } words)
        {
            CheckEvents(words);
        }

        if (settings.Timeout is { } timeout && (timeout < IWebhooks.MinTimeout || timeout > IWebhooks.MaxTimeout))
        {
            throw Fault.Invalid(
                "timeout_seconds", $"timeout_seconds must be {IWebhooks.MinTimeout.TotalSeconds} to {IWebhooks.MaxTimeout.TotalSeconds}").AsException();
        }

        if (settings.MaxRetries is < 0 or > IWebhooks.MaxRetries)
        {
            throw Fault.Invalid("max_retries", $"max_retries must be 0 to {IWebhooks.MaxRetries}").AsException();
        }

        if (settings.OfAll is true && !caller.IsAdmin)
        {
            throw new Fault(FaultCode.Forbidden, "only admins and the root user may have a webhook of the whole account: leave scope out, or say user", "scope").AsException();
        }
    }

    private static void CheckEvents(IReadOnlyList<string> words)
    {
        if (words.Count is < 1 or > MaxWords)
        {
            throw Fault.Invalid("event_types", $"event_types must hold 1 to {MaxWords} types of events").AsException();
        }

        if (words.FirstOrDefault(word => !EventTypes.Named(word).Any()) is { } unknown)
        {
            throw Fault.Invalid(
                "event_types", $"Invalid event type: {unknown}; known are {string.Join(", ", EventTypes.All)}, sandbox.* and the like, and *").AsException();
        }
    }

    private string? UrlProblem(string text)
    {
        if (text.Length > MaxUrlLength || !Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            return $"url must be an absolute http or https address of at most {MaxUrlLength} characters";
        }

        if (url.UserInfo.Length > 0)
        {
            return "url must hold no user name or password";
        }

        if (url.Fragment.Length > 0)
        {
            return "url must have no part behind #";
        }

        // A name is looked up when it is delivered to; this only says early what would fail.
        bool isPrivate = url.IsLoopback || (IPAddress.TryParse(url.Host.Trim('[', ']'), out IPAddress? address) && !PublicAddresses.Contains(address));
        return isPrivate && !options.Webhooks.AllowPrivate ? "url must lead to a public address" : null;
    }
}
