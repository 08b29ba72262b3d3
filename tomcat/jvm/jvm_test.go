package jvm

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// place is a Tomcat in /tomcat with these files.
func place(files map[string]string, env map[string]string, properties map[string]string) Place {
	get := func(m map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
	}
	return Place{
		Base: "/tomcat", Property: get(properties), Env: get(env),
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := files[name]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
	}
}

func TestFind(t *testing.T) {
	const (
		config = "name = Tok\nlibrary = /lib/p11.so\nslotListIndex = 0\n"
		jdk    = "security.provider.1=SUN\nsecurity.provider.2=SunRsaSign\nsecurity.provider.3=SunPKCS11\n"
	)
	with := func(more ...string) map[string]string {
		files := map[string]string{"/etc/p11.cfg": config, "/jdk/conf/security/java.security": jdk, "/tomcat/conf/java.security": "security.provider.4=SunPKCS11 /etc/p11.cfg\n"}
		for i := 0; i < len(more); i += 2 {
			files[more[i]] = more[i+1]
		}
		return files
	}
	const setenv, option = "/tomcat/bin/setenv.sh", `CATALINA_OPTS="$CATALINA_OPTS -Djava.security.properties=$CATALINA_BASE/conf/java.security"` + "\n"
	const found = "SunPKCS11-Tok /etc/p11.cfg"
	for _, c := range []struct {
		name            string
		files           map[string]string
		env, properties map[string]string
		want            []string
		complete        bool
	}{
		{"nothing", with(), nil, nil, nil, false},
		{"the JDK's own has none", with(), map[string]string{"JAVA_HOME": "/jdk"}, nil, nil, true},
		{"setenv.sh", with(setenv, option), nil, nil, []string{found}, false},
		{"setenv.sh and the JDK", with(setenv, option), map[string]string{"JAVA_HOME": "/jdk"}, nil, []string{found}, true},
		{"setenv.sh names the JDK", with(setenv, option+"export JAVA_HOME=\"/jdk\"\n"), nil, nil, []string{found}, true},
		{"a comment", with(setenv, "#"+option), nil, nil, nil, false},
		{"setenv.bat", with("/tomcat/bin/setenv.bat", "rem x\r\nset CATALINA_OPTS=-Xmx1g -Djava.security.properties=%CATALINA_BASE%/conf/java.security\r\n"), nil, nil, []string{found}, false},
		{"quoted", with(setenv, `JAVA_OPTS='-Djava.security.properties="conf/java.security" -Xmx1g'`), nil, nil, []string{found}, false},
		{"CATALINA_OPTS", with(), map[string]string{"CATALINA_OPTS": "-Xmx1g -Djava.security.properties=/tomcat/conf/java.security"}, nil, []string{found}, false},
		{"JAVA_OPTS, a URL", with(), map[string]string{"JAVA_OPTS": "-Djava.security.properties=file:///tomcat/conf/java.security"}, nil, []string{found}, false},
		{"a property", with(), nil, map[string]string{"java.security.properties": "/tomcat/conf/java.security"}, []string{found}, false},
		{"a variable that is not known", with(setenv, "X=-Djava.security.properties=$WHERE/java.security"), nil, nil, nil, false},
		{"in the place of the JDK's", with("/tomcat/conf/java.security", "security.provider.1=SUN\nsecurity.provider.2=SunPKCS11 /etc/p11.cfg", setenv, strings.Replace(option, "properties=", "properties==", 1)),
			map[string]string{"JAVA_HOME": "/jdk"}, nil, []string{found}, true},
		{"in the JDK's own, of Java 8", with("/jre/lib/security/java.security", "security.provider.1=sun.security.provider.Sun\nsecurity.provider.2=sun.security.pkcs11.SunPKCS11 ${java.home}/p11.cfg", "/jre/p11.cfg", config),
			map[string]string{"JRE_HOME": "/jre"}, map[string]string{"java.home": "/jre"}, []string{"SunPKCS11-Tok /jre/p11.cfg"}, true},
		{"a gap", with(setenv, option, "/tomcat/conf/java.security", "security.provider.9=SunPKCS11 /etc/p11.cfg"), map[string]string{"JAVA_HOME": "/jdk"}, nil, []string{found + " unreached"}, true},
		{"two, by their numbers", with(setenv, option, "/etc/b.cfg", strings.Replace(config, "Tok", "B", 1), "/tomcat/conf/java.security", "security.provider.10=SunPKCS11 /etc/p11.cfg\nsecurity.provider.9=SunPKCS11 /etc/b.cfg"),
			nil, nil, []string{"SunPKCS11-B /etc/b.cfg", found}, false},
		{"in the place of the one without", with(setenv, option, "/tomcat/conf/java.security", "security.provider.3=SunPKCS11 /etc/p11.cfg"), map[string]string{"JAVA_HOME": "/jdk"}, nil, []string{found}, true},
		{"inline", with(setenv, option, "/tomcat/conf/java.security", `security.provider.4=SunPKCS11 --name = In\\nlibrary = /lib/p11.so\\n`), nil, nil, []string{"SunPKCS11-In "}, false},
		{"a configuration that is not there", with(setenv, option, "/tomcat/conf/java.security", "security.provider.4=SunPKCS11 /etc/none.cfg"), nil, nil, []string{"error file does not exist"}, false},
		{"a configuration that is none", with(setenv, option, "/etc/p11.cfg", "nonsense"), nil, nil, []string{"error"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Find(place(c.files, c.env, c.properties))
			if m.Complete != c.complete || len(m.Providers) != len(c.want) {
				t.Fatalf("complete %v, %+v", m.Complete, m.Providers)
			}
			for i, p := range m.Providers {
				got := p.Name + " " + p.File
				if p.Unreached {
					got += " unreached"
				}
				if p.Err != nil {
					got = fmt.Sprintf("error %v", p.Err)
				}
				if !strings.HasPrefix(strings.Replace(got, "open "+p.File+": ", "", 1), c.want[i]) {
					t.Errorf("%s, want %s", got, c.want[i])
				}
			}
			for name := range c.files {
				if strings.HasSuffix(name, ".cfg") && len(m.Providers) == 1 && m.Providers[0].File == name && !slices.Contains(m.Read, name) {
					t.Errorf("%s is not among %q", name, m.Read)
				}
			}
		})
	}
}

func TestProvider(t *testing.T) {
	m := Machine{Providers: []Provider{{Err: fs.ErrNotExist}, {Name: "SunPKCS11-A", Unreached: true}, {Name: "SunPKCS11-B"}, {Name: "SunPKCS11-C"}}}
	for name, want := range map[string]string{"": "SunPKCS11-B", "SunPKCS11-C": "SunPKCS11-C", "SunPKCS11-A": "", "SunPKCS11-c": ""} {
		got := ""
		if p := m.Provider(name); p != nil {
			got = p.Name
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add(`CATALINA_OPTS="-Djava.security.properties=$CATALINA_BASE/s" JAVA_HOME=/jdk`, "security.provider.1=SunPKCS11 /c", "name=a\nlibrary=/b")
	f.Add("set \"JAVA_HOME=%X%\"\r\nrem\r\n-Djava.security.properties==file:/s", "security.provider.2=SunPKCS11 --name=a\\nlibrary=/b", "")
	f.Fuzz(func(t *testing.T, setenv, security, config string) {
		texts := map[string]string{"/tomcat/bin/setenv.sh": setenv}
		at := place(texts, nil, nil)
		at.ReadFile = func(name string) ([]byte, error) {
			switch {
			case strings.HasPrefix(name, "/tomcat/bin/"):
				return []byte(setenv), nil
			case strings.HasSuffix(name, "s"), strings.HasSuffix(name, "java.security"):
				return []byte(security), nil
			}
			return []byte(config), nil
		}
		m := Find(at)
		if len(m.Providers) > 2*maxProviders || len(m.Read) > 2*maxProviders+20 {
			t.Fatalf("%d providers of %d files", len(m.Providers), len(m.Read))
		}
		for _, p := range m.Providers {
			if (p.Err == nil) != strings.HasPrefix(p.Name, "SunPKCS11-") {
				t.Errorf("%+v", p)
			}
		}
	})
}
