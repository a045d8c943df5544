using Atoll.Node.Templates;

namespace Atoll.Server.Doctor;

/// <summary>The template that sandboxes are made of unless they ask for another.</summary>
internal sealed class TemplateCheck(string templates) : ICheck
{
    public string Name => "template";

    public Task<Finding> RunAsync(CancellationToken cancellation)
    {
        var store = TemplateStore.Open(templates);
        return Task.FromResult(store switch
        {
            _ when store.Find("base") is { } found => Finding.Ok($"base is {found.Id}, made {found.CreatedAt:u}"),
            { Refused: [var refused, ..] } => Finding.Fail(
                $"{refused.Path} cannot be used: {refused.Reason}", "make it again: atoll-server template build base"),
            _ => Finding.Fail($"there is no base template in {templates}", "make it: atoll-server template build base (./run does that too)"),
        });
    }
}
