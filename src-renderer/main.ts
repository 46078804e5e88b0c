import { z } from 'zod'
import { mount } from 'svelte'
import './tokens.css'
import './base.css'
import App from './app.svelte'
import { LanguageSetting } from './state/language.svelte'

// The page's policy forbids the code that zod would otherwise generate.
z.config({ jitless: true })

const target = document.getElementById('app')
// The first words are in the right language already.
await new LanguageSetting().apply()
if (target) mount(App, { target })
