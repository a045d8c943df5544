using Atoll.Control.Snapshots;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Sandboxes;

/// <summary>Makes copies of sandboxes, all of one image; also when who asked for them goes away.</summary>
internal sealed class SandboxForks(
    CreateRules rules, SandboxDirectory directory, SandboxLifecycle lifecycle, SandboxStore store, ImageHolds holds, ImageReferences images,
    TimeProvider time, SandboxLimits limits)
{
    private const int MaxCount = 100;

    public async Task<IReadOnlyList<Sandbox>> ForkAsync(Caller caller, Sandbox original, ForkSandbox request, CancellationToken cancellation)
    {
        if (request.Count is < 1 or > MaxCount)
        {
            throw Fault.Invalid("count", $"count must be 1 to {MaxCount}").AsException();
        }

        Sandbox model = Model(original, request);
        string[] names = Names(original.Name, request);
        SandboxId[] ids = [.. Enumerable.Range(0, request.Count).Select(number => IdOf(caller, number))];
        if (caller.Operation is { IsRepeat: true } && ids.Any(id => store.Find(id) is not null))
        {
            return [.. (await Task.WhenAll(ids.Select(id => directory.PassAsync(id, cancellation))))
                .Zip(ids, (outcome, id) => outcome?.Sandbox ?? directory.Read(id)).OfType<Sandbox>()];
        }

        return await MakeAsync(model, ids.Zip(names), caller.User.Id.Value).WaitAsync(cancellation);
    }

    private async Task<IReadOnlyList<Sandbox>> MakeAsync(Sandbox model, IEnumerable<(SandboxId Id, string Name)> copies, string by)
    {
        using ImageHold hold = await holds.HoldAsync(model.Id, by);
        DateTimeOffset now = time.Now();
        Birth[] births = await Task.WhenAll(copies.Select(copy => BearAsync(
            model with { Id = copy.Id, Name = copy.Name, Source = hold.Image, CreatedAt = now, UpdatedAt = now }, by)));
        return births.All(birth => birth.Refusal is not null) ? throw births[0].Refusal!.AsException() : [.. births.Select(birth => birth.Sandbox)];
    }

    private async Task<Birth> BearAsync(Sandbox newborn, string by)
    {
        (Task<Sandbox> stored, Task<Outcome> settled) = directory.Add(newborn, by, await images.LeaseAsync(newborn.Source!.Value));
        try
        {
            await stored;
        }
        catch (FaultException e)
        {
            return new Birth(newborn with { State = SandboxState.Failed, Reason = e.Fault.Message, EndedAt = newborn.CreatedAt }, e.Fault);
        }

        try
        {
            return new Birth((await settled.WaitAsync(lifecycle.ResumeWait, time)).Sandbox, null);
        }
        catch (TimeoutException)
        {
            return new Birth(directory.Read(newborn.Id) ?? newborn, null);
        }
    }

    /// <summary>What all copies have of the original.</summary>
    private Sandbox Model(Sandbox original, ForkSandbox request)
    {
        var metadata = new Dictionary<string, string>(original.Metadata);
        foreach ((string key, string value) in request.Metadata)
        {
            metadata[key] = value;
        }

        rules.CheckMetadata(metadata);
        return original with
        {
            Metadata = metadata,
            Timeout = rules.Timeout(request.Timeout ?? original.Timeout),
            State = SandboxState.Created,
            Phase = SandboxPhase.None,
            Reason = "",
            LocalPort = null,
            StartedAt = null,
            PausingAt = null,
            PausedAt = null,
            ResumedAt = null,
            RanBefore = TimeSpan.Zero,
            PausedBefore = TimeSpan.Zero,
            Image = null,
            EndedAt = null,
            DeleteRequested = false,
        };
    }

    private string[] Names(string original, ForkSandbox request)
    {
        string ending = request.Count > 1 ? $"-{request.Count}" : "";
        string name = request.Name is { Length: > 0 } given
            ? rules.Name(given + ending)[..given.Length]
            : original[..Math.Min(original.Length, limits.MaxNameLength - ending.Length)];
        return [.. Enumerable.Range(1, request.Count).Select(number => request.Count > 1 ? $"{name}-{number}" : name)];
    }

    private SandboxId IdOf(Caller caller, int number) =>
        caller.Operation is { } operation ? SandboxId.Parse(operation.UlidOf(number)) : SandboxId.New(time.Now());

    /// <param name="Refusal">Why there is not even a record of it; null when there is.</param>
    private sealed record Birth(Sandbox Sandbox, Fault? Refusal);
}
