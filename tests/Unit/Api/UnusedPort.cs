using System.Reflection;

namespace Atoll.Unit.Api;

/// <summary>A port that is there so that the routes can be made, and that no test of the host calls.</summary>
public class UnusedPort : DispatchProxy
{
    public static T Of<T>() where T : class => Create<T, UnusedPort>();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        throw new NotSupportedException($"no double for {targetMethod}");
}
