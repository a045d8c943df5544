using System.Text.Json;
using Atoll.Domain.Events;
using Atoll.Domain.Webhooks;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Events as webhooks are told of them (contracts/scalebox.md 1.7).</summary>
internal sealed class ScaleBoxWebhookBodies : IWebhookBodies
{
    public byte[] Of(LoggedEvent logged)
    {
        WireEvent told = ScaleBoxEvents.Event(logged);
        return JsonSerializer.SerializeToUtf8Bytes(
            new WireWebhookBody(told.Id, told.Type, told.Timestamp, new WireWebhookData(
                told.Sequence, told.SandboxId, told.ResourceId, told.ToStatus, told.FromStatus, told.OwnerUserId, told.ProjectId, told.By,
                told.Reason, told.Data)),
            ScaleBoxJson.Of<WireWebhookBody>());
    }
}
