using Atoll.Control.Tenancy;
using Atoll.Domain.Webhooks;

namespace Atoll.Control.Webhooks;

/// <summary>Derives the secrets of webhooks from the installation's key file; stores none.</summary>
internal sealed class WebhookSecrets(ControlOptions options)
{
    private readonly Lazy<SecretKey> _key = new(() => SecretKey.Open(options.KeyPath));

    public string Of(Webhook webhook) => WebhookSignature.Secret(Key(webhook.Id, webhook.Generation));

    /// <summary>Those that a delivery is signed with at a moment: the present one, and for a while the one before.</summary>
    public IEnumerable<byte[]> KeysOf(Webhook webhook, DateTimeOffset now)
    {
        yield return Key(webhook.Id, webhook.Generation);
        if (webhook.RotatedAt + options.Webhooks.OldSecret > now)
        {
            yield return Key(webhook.Id, webhook.Generation - 1);
        }
    }

    private byte[] Key(string id, int generation) => _key.Value.Derive("webhook-secret", $"{id}:{generation}");
}
